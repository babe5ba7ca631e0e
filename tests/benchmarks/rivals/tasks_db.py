"""django-tasks-db: Django's task API on a database table, drained by `db_worker`."""

from django.db import transaction

from tests.benchmarks import ground, load, processes

WORKER = ["db_worker", "--no-startup-delay", "--interval", "0.05", "--verbosity", "0"]
DONE = "django_tasks_database_dbtaskresult WHERE status = 'SUCCESSFUL'"
TIMES = f"SELECT count(*), min(started_at), max(finished_at) FROM {DONE}"  # noqa: S608 - our own text


def rate(count: int) -> float:
    """Jobs a second with two worker processes."""
    ground.clear()
    with processes.running(*[WORKER] * processes.WORKERS):
        _enqueue(load.WARMING)
        load.wait_for_rows(DONE, load.WARMING)
        ground.clear()
        _enqueue(count)
        load.wait_for_rows(DONE, count)
    return load.rate(TIMES)


def _enqueue(count: int) -> None:
    from tests.benchmarks.rivals.tasks_db_job import write_ledger

    with transaction.atomic():
        for number in range(count):
            write_ledger.enqueue(number=number, text=load.TEXT)
