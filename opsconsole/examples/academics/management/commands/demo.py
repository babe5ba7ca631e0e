"""Keep a believable trickle of activity going."""

import signal
from random import Random
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from opsconsole.examples.academics.demonstration.happenings import HAPPENINGS
from opsconsole.examples.academics.demonstration.partner import open_partner
from opsconsole.examples.trickling import trickle

PER_MINUTE = sum(happening.per_minute for happening in HAPPENINGS)


class Command(BaseCommand):
    help = "Lets things happen in the academic system, and receives its webhooks, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--rate",
            type=float,
            default=1.0,
            help=f"How busy: 1 is about {PER_MINUTE:.0f} happenings a minute.",
        )
        parser.add_argument("--seed", type=int, help="Make the same choices each time.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rate"] <= 0:
            raise CommandError("the rate is a number above 0")
        stopped = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        partner = open_partner()
        self.stdout.write(f"about {PER_MINUTE * options['rate']:.0f} happenings a minute; webhooks at {partner.url}")
        trickle(HAPPENINGS, stopped, Random(options["seed"]), rate=options["rate"])
        partner.shutdown()
