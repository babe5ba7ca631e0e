"""Run a Celery worker on the engine's queues."""

from typing import Any

from celery import current_app
from django.core.management.base import BaseCommand, CommandParser

from opsconsole.engine.checks import tell_problems
from opsconsole.engine.extending import CHANNELS
from opsconsole.engine.hints import broker_queue
from opsconsole.engine.registry import queues
from opsconsole.engine.waking import EVENTS


class Command(BaseCommand):
    help = "Run a Celery worker that drains the engine's queues (all of them, unless --queues names some)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("-c", "--concurrency", type=int, default=2, help="worker processes")
        parser.add_argument("-q", "--queues", default="", help="comma-separated; 'events' for reactions")

    def handle(self, *args: Any, **options: Any) -> None:
        tell_problems(self.stderr.write)
        channels = [channel for channel, _ in CHANNELS]
        wanted = [name for name in options["queues"].split(",") if name] or [*queues(), "events", *channels]
        names = ",".join(broker_queue(EVENTS if name == "events" else name) for name in wanted)
        current_app.worker_main(
            ["worker", "-c", str(options["concurrency"]), "-Q", names, "-l", "INFO", "-Ofair"]
            + ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        )
