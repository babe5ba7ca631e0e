"""States kept so that long streams need not be read from their beginning. They may be deleted at any time."""

import logging
from typing import Any, TypeVar

from django.db import connection
from pydantic import ValidationError

from opsconsole.kernel.encoding import UnstorablePayload, checked
from opsconsole.streams.aggregates import Aggregate, Loaded
from opsconsole.streams.sql import statement

logger = logging.getLogger(__name__)

A = TypeVar("A", bound=Aggregate)

LARGEST = 64_000_000  # bytes of a state; a larger one is not kept


def find(aggregate: type[A], stream: str, until: int) -> Loaded[A] | None:
    """The latest state kept of a stream up to version `until` by the aggregate of today; None without one."""
    contract = aggregate.__aggregate__
    if contract.snapshot_every is None:
        return None
    parameters: dict[str, Any] = {
        "aggregate": contract.name,
        "stream": stream,
        "schema_version": contract.version,
        "until": until,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("find_snapshot"), parameters)
        row = cursor.fetchone()
    if row is None:
        return None
    version, text = row
    state = _decode(aggregate, text)
    if state is None:
        logger.warning(
            "%s was changed without a new version: the snapshot of %s is not used",
            contract.name, stream, extra={"action": "snapshot.unfit"},
        )  # fmt: skip
        return None
    return Loaded(state, version, version)


def save(stream: str, loaded: Loaded[A]) -> bool:
    """Keep a state; returns whether it can be kept. Those of older versions of the aggregate are forgotten."""
    contract = loaded.state.__aggregate__
    try:
        text = checked(
            loaded.state.model_dump_json(round_trip=True, warnings="error"), label=contract.name, limit=LARGEST
        )
        if _decode(type(loaded.state), text) != loaded.state:
            raise UnstorablePayload(f"{contract.name} is not the same when it is read back from JSON")
    except (ValueError, TypeError) as error:
        logger.warning("no snapshot of %s: %s", stream, error, extra={"action": "snapshot.refused"})
        return False
    parameters: dict[str, Any] = {
        "aggregate": contract.name,
        "stream": stream,
        "schema_version": contract.version,
        "version": loaded.version,
        "state": text,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("save_snapshot"), parameters)
    return True


def _decode(aggregate: type[A], text: str) -> A | None:
    """None when the state is not that of the aggregate's fields: one that it does not know would be given its default,
    whatever the events said."""
    try:
        state = aggregate.model_validate_json(text)
    except ValidationError:
        return None
    return state if state.model_fields_set == aggregate.model_fields.keys() else None
