"""A database with real commits, cleaned after each test; and the engine as a fresh process knows it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import setup_databases, teardown_databases

from opsconsole.engine import Command, claiming, handles, settling
from opsconsole.engine.aside import aside
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.messages import COMMANDS, Limit
from opsconsole.engine.registry import HANDLERS
from opsconsole.engine.threads import end_threads
from opsconsole.streams import duties, moves
from opsconsole.streams.followers import FOLLOWERS
from tests.handlers_app import scripts

MANY_ROWS = 1_000
CLEANED = (
    "ops_engine",
    "ops_streams",
    "ops_schedules",
    "ops_api",
    "ops_reminders",
    "handlers_app",
)  # apps, as far as they are installed
KEPT_ROWS = ("ops_engine_sequencer", "ops_engine_rollupmark", "ops_streams_move")  # migrate puts these rows there


SLOW = ("/chaos/", "/journeys/")  # they wait for processes and browsers, and take minutes
SPREAD = 0.7  # of the run, in which all of them have begun


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits is spread among what computes, so that few of them run side by side, and no process is left alone with
    one at the end."""
    files = dict.fromkeys(item.path for item in items)
    slow = [path for path in files if any(part in str(path) for part in SLOW)]
    quick = [path for path in files if path not in slow]
    places = {path: SPREAD * number / len(slow) for number, path in enumerate(slow)}
    places |= {path: number / len(quick) for number, path in enumerate(quick)}
    items.sort(key=lambda item: places[item.path])


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Make the test database even when only tests with our own `database` fixture were chosen."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
        yield
        _end_other_sessions()
        teardown_databases(made, verbosity=0)


@pytest.fixture
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """As `django_db(transaction=True)`, but cleans only the tables of the engine, of what builds on it, and of the
    tests' app.

    Emptying every table of the project after each of several hundred tests would take minutes.
    """
    with django_db_blocker.unblock():
        _prepare()
        yield
        _reconnect()
        _clean()


@pytest.fixture(autouse=True)
def _rows_of_migrations(request: pytest.FixtureRequest) -> None:
    """For tests on Django's own fixtures, which may come after one that emptied every table."""
    if request.node.get_closest_marker("django_db") is not None:
        request.getfixturevalue("db")
        _as_migrate_left_it()


@pytest.fixture
def fresh_engine(database: None) -> Iterator[None]:
    """The engine as a process knows it that has just begun; scripts of the tests' handlers are forgotten after."""
    _forget_everything()
    yield
    _forget_everything()


@pytest.fixture
def limited(request: pytest.FixtureRequest) -> Iterator[type[Command]]:
    """A type of command with the limit that the test names; gone afterwards, so that other claims stay simple."""
    limit: Limit = request.param

    class ActSparingly(Command, name="tests.act_sparingly", limit=limit):
        number: int = 0

    handles(ActSparingly)(lambda message, work: None)
    yield ActSparingly
    COMMANDS.remove("tests.act_sparingly")
    HANDLERS.remove("tests.act_sparingly")


@pytest.fixture
def alone(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nobody follows the log but those whom the test declares; everybody does again when the database is cleaned."""
    if request.node.get_closest_marker("django_db") is None:
        request.getfixturevalue("database")
    kept = [(registry, dict(registry._items)) for registry in (FOLLOWERS, moves.PROCESSES)]
    for registry, _ in kept:
        registry._items.clear()
    yield
    for registry, items in kept:
        registry._items.clear()
        registry._items.update(items)


def _end_other_sessions() -> None:
    """Threads of the engine keep their connections; the database cannot be dropped while it has any."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _prepare() -> None:
    """Other tests may have emptied every table, the rows of migrations included."""
    _reconnect()
    _as_migrate_left_it()


def _as_migrate_left_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops_engine_sequencer (id, position) VALUES (1, 0) ON CONFLICT DO NOTHING;"
            "INSERT INTO ops_engine_rollupmark (kind, until)"
            " SELECT kind, date_trunc('minute', now()) - interval '1 day' FROM unnest(ARRAY['event', 'command']) AS kind"
            " ON CONFLICT (kind) DO UPDATE SET until = excluded.until"
        )
    duties.begin()


def _reconnect() -> None:
    if connection.connection is not None and not connection.is_usable():
        connection.close()


def _clean() -> None:
    """Delete, which is quick for few rows; truncate when dead rows would slow the tests that follow."""
    tables = [
        model._meta.db_table
        for label in CLEANED
        if label in apps.app_configs
        for model in apps.get_app_config(label).get_models()
        if model._meta.db_table not in KEPT_ROWS
    ]
    with connection.cursor() as cursor:
        cursor.execute(";".join(f"DELETE FROM {table}" for table in tables))
        if sum(_row_counts(cursor)) > MANY_ROWS:
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        cursor.execute("UPDATE ops_engine_sequencer SET position = 0")
    _as_migrate_left_it()  # the next test may be one that prepares nothing


def _row_counts(cursor: Any) -> Iterator[int]:
    """How many rows each statement of the last execute() changed."""
    yield max(0, cursor.rowcount)
    while cursor.nextset():
        yield max(0, cursor.rowcount)


def _forget_everything() -> None:
    scripts.forget()
    claiming.forget()
    claiming.costs.seconds.clear()
    settling._started.clear()
    heart._held.clear()
    heart._abandoned.clear()
    aside.end()
    end_threads()
