"""Commands with one ORM insert: the engine against pgbench and against two other queues."""

from collections.abc import Callable, Iterator
from statistics import median

from tests.benchmarks import ground, load, pgbench, processes
from tests.benchmarks.findings import Finding, ratio
from tests.benchmarks.options import Size
from tests.benchmarks.processor import Processor, postmaster
from tests.benchmarks.progress import alternate, by_side, say
from tests.benchmarks.rivals import procrastinate, tasks_db
from tests.benchmarks.settings import HAS_TASKS_DB

NAME = "commands with one ORM insert"


def measure(size: Size) -> Iterator[Finding]:
    costs: list[dict[str, float]] = []
    kind, concurrency = procrastinate.best_setup(size.exploring)
    sides: dict[str, Callable[[], float]] = {
        "engine": lambda: engine(size.commands, costs),
        "pgbench": lambda: yardstick(size.commands),
        "procrastinate": lambda: procrastinate.rate(size.commands, (kind, concurrency)),
    }
    if HAS_TASKS_DB:
        sides["django-tasks-db"] = lambda: tasks_db.rate(size.commands)
    else:
        say("django-tasks-db is left out: before Django 6 it needs the package django-tasks")
    rates = by_side(alternate(size.rounds, sides))
    words = {
        "pgbench": ("-M prepared, the same statements on the same tables over 2 connections", 0.5, 0.7),
        "procrastinate": (f"the same handler, {kind}, {concurrency} at once in 2 processes", 2, 3),
        "django-tasks-db": ("the same handler in 2 processes", 3, 5),
    }
    for rival, (how, bar, aim) in words.items():
        if rival in rates:
            yield ratio(NAME, rates["engine"], rates[rival], compared=f"{rival}: {how}", bar=bar, aim=aim)
    for program in costs[0]:
        used = round(median(cost[program] for cost in costs), 3)
        yield Finding(name=NAME, value=used, unit="ms", compared=f"processor time of {program} for each")


def engine(count: int, costs: list[dict[str, float]]) -> float:
    """Rate at which two worker processes execute commands that are there already."""
    ground.clear()
    with processes.engine() as worker:
        load.insert_commands(load.WARMING)
        load.wait_for_rows(load.DONE, load.WARMING)
        load.wait_until_let_go()
        ground.clear()
        roots = {"workers": worker.pid, "PostgreSQL": postmaster()}
        processor = Processor({name: pid for name, pid in roots.items() if pid})
        with processor.measured():
            load.insert_commands(count)
            load.wait_for_rows(load.DONE, count)
        costs.append({name: 1000 * seconds / count for name, seconds in processor.seconds.items()})
        load.wait_until_let_go()
    return load.rate(load.TIMES)


def yardstick(count: int) -> float:
    """The same for pgbench, whose connections finish commands that are claimed already."""
    ground.clear()
    pgbench.execute_commands(count)
    return load.rate(load.TIMES)
