"""Prepare the demonstration of lending; loading it again changes nothing."""

from typing import Any

from django.core.management.base import BaseCommand

from opsconsole.examples.lending.business_date import today
from opsconsole.examples.lending.demonstration.world import build_world


class Command(BaseCommand):
    help = "Builds a few companies with accounts, assets, deals and products, unless there are some."

    def handle(self, *args: Any, **options: Any) -> None:
        build_world(today())
