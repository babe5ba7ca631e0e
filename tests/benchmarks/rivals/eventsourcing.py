"""eventsourcing: an application of aggregates on its PostgreSQL recorder, and a projection with its tracking."""

import os
import threading
from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from tests.benchmarks.load import TEXT

SCHEMA = "rival_eventsourcing"
PATIENCE = 3600.0  # seconds
TOGETHER = 10  # saved in one transaction: with a megabyte to send, it waits for ever

_one_at_a_time = threading.Lock()


class Account(Aggregate):
    @event("Opened")
    def __init__(self) -> None:
        self.balance = 0

    @event("Deposited")
    def deposit(self, amount: int, text: str) -> None:
        self.balance += amount


class Bank(Application[UUID]):
    name = "bank"


class KeptBank(Bank):
    """With snapshots."""

    name = "kept_bank"
    is_snapshotting_enabled = True


class BalancesView(PostgresTrackingRecorder):
    """A read model: a row an account, written together with the tracking of the event."""

    def __init__(self, datastore: PostgresDatastore, **options: Any) -> None:
        super().__init__(datastore, **options)
        table = Identifier(self.datastore.schema, "balances")
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS {} (account uuid PRIMARY KEY, amount bigint, moves integer)").format(table)
        )
        self.add_statement = SQL(
            "INSERT INTO {} AS balance VALUES (%s, %s, 1) ON CONFLICT (account)"
            " DO UPDATE SET amount = balance.amount + excluded.amount, moves = balance.moves + 1"
        ).format(table)

    def add(self, account: UUID, amount: int, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self.add_statement, (account, amount), prepare=True)


class Balances(Projection[BalancesView]):
    name = "balances"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.add(domain_event.originator_id, getattr(domain_event, "amount", 0), tracking)


@cache
def _bank() -> Bank:
    return Bank(environment())


def bank() -> Bank:
    """The application of this process, shared by its threads."""
    with _one_at_a_time:
        return _bank()


def clear() -> None:
    """Empty tables of its own; made here, lest several processes make them at once."""
    if _bank.cache_info().currsize:
        bank().close()
        _bank.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
    for application in (Bank, KeptBank):
        application(environment() | {"CREATE_TABLE": "y"}).close()


def environment() -> dict[str, str]:
    """The same database, with a connection for each thread of a writer."""
    parts = conninfo_to_dict(os.environ["DATABASE_URL"])
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts.get("host", "")),
        "POSTGRES_PORT": str(parts.get("port", "")),
        "POSTGRES_USER": str(parts.get("user", "")),
        "POSTGRES_PASSWORD": str(parts.get("password", "")),
        "POSTGRES_SCHEMA": SCHEMA,
        "POSTGRES_POOL_SIZE": "10",
        "CREATE_TABLE": "n",
    }


def fill(accounts: int, events: int, *, kind: Callable[..., Bank] = Bank) -> list[UUID]:
    """Store so many accounts with so many events each; returns their ids."""
    with kind(environment()) as filled:
        made = [Account() for _ in range(accounts)]
        for account in made:
            for number in range(1, events):  # it was opened
                account.deposit(amount=1, text=TEXT)
                if number % (10 * TOGETHER) == 0:
                    filled.save(account)
        for start in range(0, accounts, TOGETHER):
            filled.save(*made[start : start + TOGETHER])
    return [account.id for account in made]


def project(last: int) -> None:
    """Have the projection apply the log up to the notification `last`."""
    runner: Any = ProjectionRunner(
        application_class=Bank,
        projection_class=Balances,
        view_class=BalancesView,
        env=environment() | {"CREATE_TABLE": "y"},
    )
    with runner:
        runner.wait(last, timeout=PATIENCE)
