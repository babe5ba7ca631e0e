"""Answers to requests with keys are forgotten after their time."""

from django.db import connection

from opsconsole.api.configuration import configuration
from opsconsole.api.sql import statement
from opsconsole.kernel import clock

BLOCK = 5_000


def drop_old_answers() -> int:
    """Returns how many went."""
    dropped = 0
    with connection.cursor() as cursor:
        while True:
            wanted = {"kept": configuration().answers_kept, "limit": BLOCK, "now": clock.frozen()}
            cursor.execute(statement("drop_old_answers"), wanted)
            dropped += int(cursor.rowcount)
            if cursor.rowcount < BLOCK:
                return dropped
