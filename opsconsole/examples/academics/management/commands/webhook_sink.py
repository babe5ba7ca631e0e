"""Receive webhooks, to see what a subscriber sees."""

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from opsconsole.examples.academics.webhooks.sink import WebhookSink


class Command(BaseCommand):
    help = "Answers webhook calls on this machine until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="0 takes any free one.")
        parser.add_argument("--key", required=True, help="The subscription's key.")
        parser.add_argument("--busy", type=float, default=0.0, help="Share of calls to refuse, 0 to 1.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sink = WebhookSink(lambda: options["key"], port=options["port"], busy=options["busy"])
        except OSError as error:
            raise CommandError(f"cannot listen on port {options['port']}: {error.strerror}") from error
        stopped = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        sink.start()
        self.stdout.write(f"webhooks are taken at {sink.url}")
        stopped.wait()
        sink.shutdown()
