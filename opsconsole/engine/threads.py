"""Handlers that wait for the world outside, many at a time."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Barrier
from typing import TYPE_CHECKING

from django.db import connection

from opsconsole.engine.claiming import ClaimedCommand
from opsconsole.engine.heartbeat import Held
from opsconsole.engine.registry import HandlerEntry

if TYPE_CHECKING:
    from opsconsole.engine.execution import Finished

_pools: dict[int, ThreadPoolExecutor] = {}
os.register_at_fork(after_in_child=_pools.clear)


def run_many(
    commands: Sequence[ClaimedCommand], held: Held, entry: HandlerEntry, finished: "Finished"
) -> None:
    """Run commands of one type on the handler's number of threads, each with a database connection that it keeps.

    Should the process die now, any of them may have been the cause: the claim says how many ran at once.
    """
    from opsconsole.engine.execution import execute

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ops_engine_claim SET threads = %s WHERE id = %s", [entry.threads, held.claim_id]
        )
    pool = _pools.setdefault(
        entry.threads, ThreadPoolExecutor(entry.threads, thread_name_prefix="ops-handler")
    )

    def run_one(claimed: ClaimedCommand) -> None:
        if held.is_lost.is_set():
            return
        try:
            execute(claimed, held, entry, finished)
        except BaseException:
            held.is_lost.set()  # the others end what they have begun; nobody begins anything more
            raise
        finally:
            connection.close_if_unusable_or_obsolete()

    futures = [pool.submit(run_one, claimed) for claimed in commands]
    wait(futures)  # all of them, before the claim is given up because of one
    for future in futures:
        future.result()


def end_threads() -> None:
    """End the idle threads; each closes its own database connection, which nobody else may."""
    while _pools:
        size, pool = _pools.popitem()
        everybody = Barrier(size)

        def leave(everybody: Barrier = everybody) -> None:
            everybody.wait()
            connection.close()

        for future in [pool.submit(leave) for _ in range(size)]:
            future.result()
        pool.shutdown()
