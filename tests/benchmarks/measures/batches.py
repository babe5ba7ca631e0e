"""A large batch: how long storing it takes, and whether its members run slower than single commands."""

import time
from collections.abc import Callable, Iterator
from statistics import median

from opsconsole.engine import send_batch
from tests.benchmarks import ground, load, processes
from tests.benchmarks.findings import Finding, ratio
from tests.benchmarks.handlers import PARKED
from tests.benchmarks.options import Size
from tests.benchmarks.progress import alternate, by_side, say

SETTLED = "ops_engine_batch WHERE status = 'success'"


def measure(size: Size) -> Iterator[Finding]:
    seconds = [storing(size.batch) for _ in range(size.rounds)]
    yield Finding(
        name=f"a batch of {size.batch:,} stored",
        value=median(seconds),
        unit="s",
        compared="send_batch() in one transaction",
        bar=10 * size.batch / 100_000,
        lower_is_better=True,
        details={"rounds": seconds},
    )
    sides = {"in a batch": lambda: executing(insert_batch, size.commands, batches=1),
             "single": lambda: executing(load.insert_commands, size.commands, batches=0)}  # fmt: skip
    rates = by_side(alternate(size.rounds, sides))
    yield ratio(
        "members of a batch",
        rates["in a batch"],
        rates["single"],
        compared="the same commands without a batch",
        bar=0.8,
    )


def storing(count: int) -> float:
    """Seconds to store a batch, its commit included."""
    ground.clear()
    began = time.perf_counter()
    send_batch(load.ledger_commands(count), queue=PARKED)
    seconds = round(time.perf_counter() - began, 2)
    say(f"{count:,} members stored in {seconds:.1f} s")
    return seconds


def insert_batch(count: int) -> None:
    send_batch(load.ledger_commands(count))


def executing(insert: Callable[[int], object], count: int, *, batches: int) -> float:
    """Commands a second; their batch has settled when this returns."""
    ground.clear()
    with processes.engine():
        insert(load.WARMING)
        load.wait_for_rows(load.DONE, load.WARMING)
        load.wait_until_let_go()
        ground.clear()
        insert(count)
        load.wait_for_rows(load.DONE, count)
        load.wait_for_rows(SETTLED, batches)
        load.wait_until_let_go()
    return load.rate(load.TIMES)
