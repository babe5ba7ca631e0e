"""The rows of a read model, read and written by the thousand: one array a column, instead of one parameter a value.

Django's own statements bring about the same, but resolve and adapt every value alone: half the time of catching up.
"""

from collections.abc import Collection, Sequence
from types import NoneType
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import Model

from opsconsole.kernel.arrays import array, fits

READY = {  # values of these types can be given to the driver as they are, for fields of exactly these classes
    models.BigIntegerField: int,
    models.BooleanField: bool,
    models.CharField: str,
    models.FloatField: float,
    models.IntegerField: int,
    models.PositiveBigIntegerField: int,
    models.PositiveIntegerField: int,
    models.PositiveSmallIntegerField: int,
    models.SmallIntegerField: int,
    models.TextField: str,
    models.UUIDField: UUID,
}


def find(model: type[Model], keys: Collection[Any]) -> dict[Any, Model]:
    """The rows with these keys, by key; read past managers, which may hide some."""
    pk = model._meta.pk
    names = ", ".join(_quoted(field.column) for field in model._meta.concrete_fields)
    sql = f"SELECT {names} FROM {_quoted(model._meta.db_table)} WHERE {_quoted(pk.column)} = ANY(%s::{_array_of(pk)})"
    return {row.pk: row for row in model._base_manager.raw(sql, [_adapted(pk, list(keys))])}


def store(model: type[Model], rows: Sequence[Model]) -> None:
    """Write rows, whether or not there are some with their keys."""
    if not rows:
        return
    pk = model._meta.pk
    fields = [field for field in model._meta.local_concrete_fields if not field.generated]
    others = [field for field in fields if field is not pk]
    columns = [_values(field, rows) for field in fields]
    if not all(_fits_an_array(field, values) for field, values in zip(fields, columns, strict=True)):
        names = [field.name for field in others]
        model._base_manager.bulk_create(rows, update_conflicts=True, unique_fields=[pk.name], update_fields=names)
        return
    updates = ", ".join(f"{_quoted(field.column)} = EXCLUDED.{_quoted(field.column)}" for field in others)
    sql = (
        f"INSERT INTO {_quoted(model._meta.db_table)} ({', '.join(_quoted(field.column) for field in fields)})"
        f" SELECT * FROM unnest({', '.join(f'%s::{_array_of(field)}' for field in fields)})"
        f" ON CONFLICT ({_quoted(pk.column)}) DO " + (f"UPDATE SET {updates}" if updates else "NOTHING")
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [_adapted(field, values) for field, values in zip(fields, columns, strict=True)])


def _values(field: Any, rows: Sequence[Model]) -> list[Any]:
    if type(field) in READY:
        name = field.attname
        return [getattr(row, name) for row in rows]
    return [field.pre_save(row, row._state.adding) for row in rows]


def _adapted(field: Any, values: list[Any]) -> str | list[Any]:
    if not {*map(type, values)} <= {READY.get(type(field)), NoneType}:
        values = [field.get_db_prep_save(value, connection) for value in values]
    return array(values) if fits(values) else values


def _fits_an_array(field: Any, values: Sequence[Any]) -> bool:
    """Not those that are arrays themselves, that want SQL around their values, or whose values are SQL."""
    stored = field.target_field if field.is_relation else field
    return (
        stored.get_internal_type() in connection.data_types
        and not any(
            hasattr(field, name) for name in ("get_placeholder", "get_placeholder_sql")
        )  # the latter: Django 6.1
        and not any(hasattr(kind, "as_sql") for kind in {*map(type, values)})
    )


def _array_of(field: Any) -> str:
    """The type of an array of its values, without lengths: a value that is too long is to fail, not to be cut."""
    return f"{field.db_type(connection).split('(')[0]}[]"


def _quoted(name: Any) -> str:
    return connection.ops.quote_name(name).replace("%", "%%")
