"""Handlers that wait for the world outside, many at a time."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Barrier

from django.db import connection

from opsconsole.engine.claiming import ClaimedCommand
from opsconsole.engine.heartbeat import Held

_pools: dict[int, ThreadPoolExecutor] = {}
os.register_at_fork(after_in_child=_pools.clear)


def run_many(
    commands: Sequence[ClaimedCommand], held: Held, count: int, execute: Callable[[ClaimedCommand], None]
) -> None:
    """Execute commands of one type on `count` threads, each with a database connection that it keeps."""
    pool = _pools.setdefault(count, ThreadPoolExecutor(count, thread_name_prefix="ops-handler"))

    def run_one(claimed: ClaimedCommand) -> None:
        try:
            execute(claimed)
        except BaseException:
            held.is_lost.set()  # the others end what they have begun; `execute` begins nothing more
            raise
        finally:
            connection.close_if_unusable_or_obsolete()

    with several(held, count):
        futures = [pool.submit(run_one, claimed) for claimed in commands]
        wait(futures)  # all of them, before the claim is given up because of one
        for future in futures:
            future.result()


@contextmanager
def several(held: Held, count: int) -> Iterator[None]:
    """Should the process die within the block, any of `count` may have been the cause: meanwhile the claim says so."""
    _say(held, count)
    yield
    _say(held, 1)


def _say(held: Held, count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ops_engine_claim SET threads = %s WHERE id = %s", [count, held.claim_id])


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
