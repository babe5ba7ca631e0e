"""Make the partitions that are missing."""

from typing import Any

from django.core.management.base import BaseCommand

from opsconsole.engine.partitions import ensure_partitions


class Command(BaseCommand):
    help = "Make the current partitions and those ahead. The dispatcher does it every hour."

    def handle(self, *args: Any, **options: Any) -> None:
        made = ensure_partitions()
        self.stdout.write("\n".join(made) if made else "All partitions are there.")
