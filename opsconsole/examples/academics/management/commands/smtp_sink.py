"""Take mail over SMTP and keep it in the database; refuse as much as the knob says."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from opsconsole.examples.academics.mailsink.server import listen
from opsconsole.examples.academics.models import MailRefusal


class Command(BaseCommand):
    help = "Runs the demonstration's mail server. How much it refuses is set in the admin, under mail refusal."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.EMAIL_HOST)
        parser.add_argument("--port", type=int, default=settings.EMAIL_PORT)
        parser.add_argument("--refuse", type=int, default=0, help="Percent; used when the knob was never set.")
        parser.add_argument("--reply", choices=MailRefusal.Reply.values, default=MailRefusal.Reply.TEMPORARY)
        parser.add_argument("--window", type=int, default=0, help="Seconds; 0 refuses the same ones always.")

    def handle(self, *args: Any, **options: Any) -> None:
        MailRefusal.objects.get_or_create(
            pk=1,
            defaults={"share": options["refuse"], "reply": options["reply"], "window": options["window"]},
        )
        asyncio.run(self.serve(options["host"], options["port"]))

    async def serve(self, host: str, port: int) -> None:
        try:
            server = await listen(host, port)
        except OSError as error:
            raise CommandError(f"cannot take mail on {host}:{port}: {error.strerror}") from error
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        bound = server.sockets[0].getsockname()[1]
        self.stdout.write(f"mail is taken on {host}:{bound}")
        self.stdout.flush()
        await stopped.wait()
        server.close()
