"""Copies of a projection's tables, in a schema of their own: who looks for a table there first finds the copy.

So a projection is rebuilt by the very code that keeps it up to date, whatever SQL or ORM it uses.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model


def schema_of(name: str) -> str:
    """The schema that holds the copies for the projection `name`."""
    return f"ops_shadow_{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def enter(name: str) -> None:
    """Until the current transaction ends, the tables of the projection mean their copies."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('search_path', %s || ', ' || current_setting('search_path'), true)", [schema_of(name)]
        )


def create(name: str, models: Sequence[type[Model]]) -> None:
    """Empty copies, with the same columns, constraints and indexes; identifiers come from the same sequences."""
    schema = connection.ops.quote_name(schema_of(name))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {schema}")
        for model in models:
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"CREATE TABLE {schema}.{table} (LIKE {table} INCLUDING ALL EXCLUDING IDENTITY)")
            _share_sequence(cursor, schema, model)


def exchange(name: str, models: Sequence[type[Model]]) -> None:
    """Put the contents of the copies in place of the originals', and drop the copies.

    Readers see the old rows until this is committed, and nobody waits: no table is locked or changes its identity.
    """
    schema = connection.ops.quote_name(schema_of(name))
    with connection.cursor() as cursor:
        for model in reversed(models):
            cursor.execute(f"DELETE FROM {_original(cursor, name, model)}")
        for model in models:
            stored = [field for field in model._meta.local_concrete_fields if not field.generated]
            columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in stored)
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(
                f"INSERT INTO {_original(cursor, name, model)} ({columns}) SELECT {columns} FROM {schema}.{table}"
            )
    drop(name)


def drop(name: str) -> None:
    """Remove the copies."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {connection.ops.quote_name(schema_of(name))} CASCADE")


def _original(cursor: Any, name: str, model: type[Model]) -> str:
    """The table itself, by its full name: inside a rebuild the short one means the copy."""
    cursor.execute(
        "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relname = %s AND n.nspname = ANY(current_schemas(false)) AND n.nspname <> %s"
        " ORDER BY array_position(current_schemas(false), n.nspname) LIMIT 1",
        [model._meta.db_table, schema_of(name)],
    )
    return str(cursor.fetchone()[0])


def _share_sequence(cursor: Any, schema: str, model: type[Model]) -> None:
    key = model._meta.pk
    table, column = (connection.ops.quote_name(str(word)) for word in (model._meta.db_table, key.column))
    cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, key.column])
    sequence = cursor.fetchone()[0]
    if sequence:
        cursor.execute(f"ALTER TABLE {schema}.{table} ALTER {column} SET DEFAULT nextval('{sequence}')")
