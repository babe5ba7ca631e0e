"""Measure the engine; the measurements live in the checkout, in tests/benchmarks."""

import os
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Runs them in a process of its own: they have handlers and tables, hence settings, of their own."""

    help = "Measure the engine on this machine. Options: --only NAME, --quick, --json FILE, --help."

    def run_from_argv(self, argv: list[str]) -> None:
        if not (settings.BASE_DIR / "tests" / "benchmarks").is_dir():
            raise CommandError("The benchmarks are part of the checkout, not of the installed package.")
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings"}
        program = [sys.executable, "-m", "tests.benchmarks", *argv[2:]]
        sys.exit(subprocess.run(program, cwd=settings.BASE_DIR, env=environment, check=False).returncode)

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError("Run it from the command line: python3 manage.py bench")
