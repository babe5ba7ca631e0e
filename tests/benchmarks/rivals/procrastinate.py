"""procrastinate: one job at a time is fetched, its handler runs, its end is recorded."""

from tests.benchmarks import ground, load, processes
from tests.benchmarks.progress import say

SETUPS = [("sync", number) for number in (1, 2, 4, 8)] + [("async", number) for number in (1, 4, 10, 30)]
DONE = "procrastinate_jobs WHERE status = 'succeeded'"
TIMES = """
    SELECT count(*) FILTER (WHERE type = 'succeeded'), min(at) FILTER (WHERE type = 'started'),
           max(at) FILTER (WHERE type = 'succeeded')
      FROM procrastinate_events
"""


def best_setup(count: int) -> tuple[str, int]:
    """Kind of handler (plain or coroutine function) and jobs at once a process with which it is fastest here."""
    rates = {}
    for setup in SETUPS:
        rates[setup] = rate(count, setup)
        say(f"procrastinate, {setup[0]} handler, {setup[1]} at once: {rates[setup]:,.0f}/s")
    return max(rates, key=lambda setup: rates[setup])


def rate(count: int, setup: tuple[str, int]) -> float:
    """Jobs a second with two worker processes."""
    kind, concurrency = setup
    ground.clear()
    worker = ["procrastinate", "worker", "--concurrency", str(concurrency)]
    with processes.running(*[worker] * processes.WORKERS):
        _defer(kind, load.WARMING)
        load.wait_for_rows(DONE, load.WARMING)
        ground.clear()
        _defer(kind, count)
        load.wait_for_rows(DONE, count)
    return load.rate(TIMES)


def _defer(kind: str, count: int) -> None:
    from tests.benchmarks import tasks

    task = tasks.write_ledger if kind == "sync" else tasks.write_ledger_async
    task.batch_defer(*({"number": number, "text": load.TEXT} for number in range(count)))
