"""Keep billing busy: a document of a random amount for one of three customers every few seconds."""

import signal
from random import Random
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from opsconsole.examples.billing.simulating import DOCUMENTS_A_MINUTE, PEOPLE, issue
from opsconsole.examples.trickling import Happening, trickle


class Command(BaseCommand):
    help = "Issues documents of random amounts (1 to 50) to one of three customers, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rate", type=float, default=DOCUMENTS_A_MINUTE, help="Documents a minute.")
        parser.add_argument(
            "--people", action="store_true", help="People also void, publish and acknowledge, now and then."
        )
        parser.add_argument("--seed", type=int, help="Make the same choices each time.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rate"] <= 0:
            raise CommandError("the rate is a number above 0")
        stopped = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        self.stdout.write(f"about {options['rate']:g} documents a minute; /voiding/ shows what becomes of them")
        happenings = [Happening(options["rate"], issue), *(PEOPLE if options["people"] else ())]
        trickle(happenings, stopped, Random(options["seed"]), rate=1.0)
