"""The claim must not bring the database server down.

PostgreSQL 18.6 did crash when one statement locked rows, had to look at one again because another worker was
quicker, and pruned partitions while it ran; most readily over connections that were just opened.
"""

import time
from datetime import timedelta

from django.db import connection
from django.db.models.functions import Now

from opsconsole.engine import claiming, send
from opsconsole.engine.models import Claim
from opsconsole.engine.models import Command as StoredCommand
from tests.concurrency.races import at_once, rounds
from tests.handlers_app.messages import Act

SECONDS = 2.0  # it took less than one


@rounds(1, 15)
def test_workers_that_claim_over_new_connections_leave_the_server_running(rounds, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 5}
    for number in range(12):
        send(Act(number=number))
    started = _server_started_at()
    for _ in range(rounds):
        assert sum(at_once(*[_claim_and_return] * 4)) > 0
    assert _server_started_at() == started


def _claim_and_return() -> int:
    claims, until = 0, time.monotonic() + SECONDS
    while time.monotonic() < until:
        connection.close()
        if chunk := claiming.claim_commands("default"):
            claims += 1
            soon = Now() + timedelta(milliseconds=20) * (claims % 3)
            mine = StoredCommand.objects.filter(claim_id=chunk.held.claim_id)
            mine.update(status="pending", claim_id=None, place=None, not_before=soon)
            Claim.objects.filter(pk=chunk.held.claim_id).delete()
            claiming.heart._held.clear()
    return claims


def _server_started_at() -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_postmaster_start_time(), max(backend_start) FILTER (WHERE backend_type = 'checkpointer')"
            " FROM pg_stat_activity"
        )
        return cursor.fetchone()
