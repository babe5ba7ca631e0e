"""Run the dispatcher until stopped."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from opsconsole.engine.checks import tell_problems
from opsconsole.engine.dispatcher import Dispatcher


class Command(BaseCommand):
    help = "Wake workers, fire what is due, sweep what was lost. Run two for availability; one leads."

    def handle(self, *args: Any, **options: Any) -> None:
        tell_problems(self.stderr.write)
        dispatcher = Dispatcher()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: dispatcher.stop())
        dispatcher.run()
