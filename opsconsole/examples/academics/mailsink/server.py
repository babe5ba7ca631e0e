"""The SMTP server around it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session
from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from opsconsole.examples.academics.mailsink.keeping import keep
from opsconsole.examples.academics.mailsink.refusing import reply_to

LARGEST = 5_000_000  # bytes of a message
OUT_OF_ORDER = "451 4.3.0 Mailbox storage is out of order"

log = logging.getLogger(__name__)
logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd's: a dozen lines a message
P = ParamSpec("P")
R = TypeVar("R")


class Receiver:
    """Answers each step of a delivery. A database that is away is a temporary refusal."""

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        try:
            refusal = await _in_database(reply_to, address)
        except (OperationalError, InterfaceError):
            return OUT_OF_ORDER
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)  # decode_data is off
        try:
            await _in_database(keep, envelope.mail_from or "", list(envelope.rcpt_tos), content)
        except (OperationalError, InterfaceError):
            return OUT_OF_ORDER
        return "250 OK"


async def _in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    def call() -> R:
        close_old_connections()
        try:
            return function(*args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            log.warning("the database is away: %s", error)
            connection.close()
            raise

    run: Callable[[], Awaitable[R]] = sync_to_async(call, thread_sensitive=True)
    return await run()


async def listen(host: str, port: int) -> asyncio.Server:
    """Open the server; an OSError when the port is taken. Port 0 takes any free one."""
    loop = asyncio.get_running_loop()
    make: Callable[[], Any] = partial(
        SMTP, Receiver(), hostname="mail.example", data_size_limit=LARGEST, enable_SMTPUTF8=True, loop=loop
    )
    return await loop.create_server(make, host, port)
