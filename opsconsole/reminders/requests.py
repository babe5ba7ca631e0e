"""What a receiver is sent: the same body at every try, and headers that tell the tries apart."""

import json
import time
from collections.abc import Hashable
from datetime import datetime
from typing import TypeVar

from opsconsole.kernel.addresses import Target
from opsconsole.kernel.calling import Request
from opsconsole.kernel.signing import sign
from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.configuration import configuration

K = TypeVar("K", bound=Hashable)


def request(key: K, wanted: CallBack, where: Target, *, attempt: int, called_at: datetime) -> Request[K]:
    body = _body(wanted)
    tries = {"Reminder-Attempt": str(attempt), "Reminder-Called-At": called_at.isoformat()}
    return Request(key, where, body, {**_headers(wanted, body), **tries})


def key_of(wanted: CallBack) -> str:
    """The same at every try: by it a receiver knows what it has seen already."""
    return f"{wanted.reminder_id}-{wanted.occasion}"


def _body(wanted: CallBack) -> bytes:
    """Of the occasion, not of the try: a receiver may refuse a key that comes back with another body."""
    told = {
        "id": str(wanted.reminder_id),
        "address": wanted.address,
        "scheduledAt": wanted.scheduled_at.isoformat(),
    }
    return json.dumps(told, separators=(",", ":")).encode()


def _headers(wanted: CallBack, body: bytes) -> dict[str, str]:
    key, timestamp = key_of(wanted), int(time.time())
    return {
        "Content-Type": "application/json",
        "User-Agent": "opsconsole-reminders",
        "Idempotency-Key": key,
        "webhook-id": key,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(configuration().key, key, timestamp, body),
    }
