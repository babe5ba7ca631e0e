"""Commands with one ORM insert: the engine against pgbench and against two other queues."""

from collections.abc import Callable, Iterator
from statistics import median

from tests.benchmarks import ground, load, pgbench, processes
from tests.benchmarks.findings import Finding, ratio
from tests.benchmarks.options import Size
from tests.benchmarks.processor import Processor, postmaster
from tests.benchmarks.progress import alternate, by_side

NAME = "commands with one ORM insert"


def measure(size: Size) -> Iterator[Finding]:
    costs: list[dict[str, float]] = []
    sides: dict[str, Callable[[], float]] = {
        "engine": lambda: engine(size.commands, costs),
        "pgbench": lambda: yardstick(size.commands),
    }
    figures = by_side(alternate(size.rounds, sides))
    yield ratio(
        NAME,
        figures["engine"],
        figures["pgbench"],
        compared="pgbench -M prepared, same statements, same tables, 2 connections",
        bar=0.5,
        aim=0.7,
    )
    for name in costs[0]:
        yield Finding(
            name=NAME,
            value=round(median(cost[name] for cost in costs), 3),
            unit="ms",
            compared=f"processor time of {name} a command",
        )


def engine(count: int, costs: list[dict[str, float]]) -> float:
    """Rate at which two worker processes execute commands that are there already."""
    ground.clear()
    with processes.engine() as worker:
        load.insert_commands(200)
        load.wait_for_ledger(200)
        ground.clear()
        roots = {"workers": worker.pid, "PostgreSQL": postmaster()}
        processor = Processor({name: pid for name, pid in roots.items() if pid})
        with processor.measured():
            load.insert_commands(count)
            load.wait_for_ledger(count)
        costs.append({name: 1000 * seconds / count for name, seconds in processor.seconds.items()})
        processes.wait(load.nothing_claimed, 30)
    return load.command_rate()


def yardstick(count: int) -> float:
    ground.clear()
    pgbench.execute_commands(count)
    return load.command_rate()
