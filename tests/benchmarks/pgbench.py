"""The yardstick: pgbench sending the same statements to the same tables, and nothing else."""

import os
import re
import subprocess
import tempfile
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from opsconsole.embedded.binaries import find_postgres
from opsconsole.engine.sql import statement
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7, uuid7_floor
from tests.benchmarks.handlers import PARKED
from tests.benchmarks.load import TEXT
from tests.benchmarks.models import Ledger

CLIENTS = 2
NEW_ID = (  # a UUIDv7 that every version of PostgreSQL can make
    "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7'"
    " || substr(md5(random()::text), 1, 19))::uuid"
)
SECONDS = 0.0005  # what a handler's duration is said to be


def run(script: str, *, clients: int, options: list[str]) -> str:
    """Run a script with prepared statements; returns what pgbench says."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        program = find_postgres().bin / "pgbench"
        command = [program, "-n", "-M", "prepared", "-c", str(clients), "-f", file.name, *options]
        done = subprocess.run([*command, os.environ["DATABASE_URL"]], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"pgbench failed: {done.stderr}")
    return done.stdout


def execute_commands(count: int) -> None:
    """Insert into the ledger and finish a claimed command, `count` times over as many connections as there are workers.

    A transaction is BEGIN, the INSERT that the ORM sends, the engine's finishing statement, COMMIT. Which
    row a transaction finishes follows from a counter that pgbench keeps, so nothing is asked of the database.
    """
    prefix, claim_id = str(uuid7_floor(clock.now()))[:24], uuid7()
    _insert_claimed(count, prefix, claim_id)
    script = f"""\
\\set turn :turn + 1
\\set number :turn * {CLIENTS} + :client_id
BEGIN;
{orm_insert()};
{finish(prefix, claim_id)};
COMMIT;
"""
    run(script, clients=CLIENTS, options=["-j", str(CLIENTS), "-t", str(count // CLIENTS), "-D", "turn=-1"])


def insert_commands(clients: int, seconds: float) -> float:
    """Transactions a second in which each connection stores one command."""
    script = f"""\
BEGIN;
INSERT INTO ops_engine_command (id, type, payload, queue, correlation_id, not_before)
VALUES ({NEW_ID}, 'bench.park', '{{"number": 1, "text": "{TEXT}"}}', '{PARKED}', gen_random_uuid(), now());
COMMIT;
"""
    said = run(script, clients=clients, options=["-j", "2", "-T", str(round(seconds))])
    return float(re.search(r"tps = ([\d.]+)", said)[1])  # type: ignore[index]


def orm_insert() -> str:
    """The statement that `Ledger.objects.create()` sends, with pgbench's counter as its number."""
    sent: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        sent.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with transaction.atomic(), connection.execute_wrapper(note):
        Ledger._default_manager.create(number=-1, text=TEXT)
        transaction.set_rollback(True)
    (sql, (_, text, made_at)) = next(one for one in sent if one[0].startswith("INSERT"))
    return sql % (":number", f"'{text}'", f"'{made_at}'")


def finish(prefix: str, claim_id: UUID) -> str:
    """The engine's own statement, without the COMMIT that the engine sends along with it."""
    identifier = f"('{prefix}' || lpad(to_hex(:number::bigint), 12, '0'))::uuid"
    template = statement("finish_command").replace("'{id}'", "{id}")
    return template.format(id=identifier, claim_id=claim_id, seconds=SECONDS, log="NULL", now="NULL").strip()


def _insert_claimed(count: int, prefix: str, claim_id: UUID) -> None:
    """Rows as the engine's after their claim: inserted as pending, then updated."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops_engine_command (id, type, payload, correlation_id, not_before)"
            " SELECT id, 'bench.write_ledger', json_build_object('number', number, 'text', %s::text)::jsonb, id, now()"
            " FROM (SELECT number, (%s || lpad(to_hex(number), 12, '0'))::uuid AS id"
            "         FROM generate_series(0, %s::bigint) AS number) AS new",
            [TEXT, prefix, count - 1],
        )
        cursor.execute(
            "UPDATE ops_engine_command SET status = 'processing', claim_id = %s, started_at = now(), place = 1",
            [claim_id],
        )
        cursor.execute("CHECKPOINT")
