"""What stands in the address: nothing unknown, twice or empty, nothing that PostgreSQL cannot hold."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja.operation import Operation
from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from opsconsole.api.bodies import refuse_unstorable
from opsconsole.api.problems import Problem

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def _moment(value: Any) -> datetime:
    """Only RFC 3339: pydantic would take numbers too, and times without a zone."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise PydanticCustomError("moment", "should be a date and time with its zone, as 2026-03-02T15:00:00Z")
    try:
        fitted = re.sub(r"(\.\d{6})\d+", r"\1", value.upper())
        moment = datetime.fromisoformat(fitted).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("moment", "is no date and time of any calendar") from None
    if not 1970 < moment.year < 9000:
        raise PydanticCustomError("moment", "lies outside what can be stored: the years 1971 to 8999")
    return moment


def _bound(value: Any) -> datetime:
    """The same, and whatever lies outside the history is its beginning or its end."""
    if isinstance(value, str) and _MOMENT.fullmatch(value) and not 1971 < int(value[:4]) < 8999:
        return FIRST if int(value[:4]) < 2000 else LAST
    return _moment(value)


FIRST, LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(8999, 1, 1, tzinfo=UTC)
TOLD = WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-02T15:00:00Z"]})

Moment = Annotated[datetime, BeforeValidator(_moment), TOLD]
Bound = Annotated[datetime, BeforeValidator(_bound), TOLD]


def check(request: HttpRequest, operation: Operation, parts: dict[str, Any]) -> None:
    """Raises Problem: 422 with what is wrong about the path or the query."""
    for name, value in parts.items():
        refuse_unstorable(f"path.{name}", str(value))
    known, lists = _known(operation)
    for name, values in request.GET.lists():
        place = f"query.{name}" if name.isprintable() else "query"
        refuse_unstorable(place, name)
        if name not in known:
            told = ", ".join(sorted(known)) or "none"
            raise Problem.of_field(place, f"is not known here; known: {told}")
        if len(values) > 1 and name not in lists:
            raise Problem.of_field(place, "is given more than once")
        for value in map(str, values):
            refuse_unstorable(place, value)
            if not value.strip():
                raise Problem.of_field(place, "is empty: leave it out to ask for all")


def _known(operation: Operation) -> tuple[set[str], set[str]]:
    known: set[str] = set()
    lists: set[str] = set()
    for model in operation.models:
        if model.__ninja_param_source__ == "query":
            known |= set(getattr(model, "__ninja_flatten_map__", {}))
            lists |= set(getattr(model, "__ninja_collection_fields__", []))
    return known, lists
