"""Handlers that wait for the world outside, many at a time, and the threads of this process that do the waiting."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Barrier

from django.db import connection

from opsconsole.engine.claiming import ClaimedCommand
from opsconsole.engine.heartbeat import Held

_pools: dict[tuple[str, int], ThreadPoolExecutor] = {}
os.register_at_fork(after_in_child=_pools.clear)


def pool(name: str, size: int) -> ThreadPoolExecutor:
    """Up to `size` threads, begun when they are needed, and kept."""
    if (name, size) not in _pools:
        _pools[name, size] = ThreadPoolExecutor(size, thread_name_prefix=f"ops-{name}")
    return _pools[name, size]


def run_many(
    commands: Sequence[ClaimedCommand], held: Held, count: int, execute: Callable[[ClaimedCommand], None]
) -> None:
    """Execute commands of one type on `count` threads, each with a database connection that it keeps."""

    def run_one(claimed: ClaimedCommand) -> None:
        try:
            execute(claimed)
        except BaseException:
            held.is_lost.set()  # the others end what they have begun; `execute` begins nothing more
            raise
        finally:
            connection.close_if_unusable_or_obsolete()

    threads = pool("handler", count)
    with several(held, count):
        futures = [threads.submit(run_one, claimed) for claimed in commands]
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
        (_, size), threads = _pools.popitem()
        everybody = Barrier(size)

        def leave(everybody: Barrier = everybody) -> None:
            everybody.wait()
            connection.close()

        for future in [threads.submit(leave) for _ in range(size)]:
            future.result()
        threads.shutdown()
