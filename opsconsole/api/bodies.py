"""Bodies: JSON in UTF-8, bounded, nothing in it twice, and nothing that PostgreSQL cannot hold."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

from django.http import HttpRequest, UnreadablePostError
from ninja.operation import Operation
from ninja.parser import Parser
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from opsconsole.api.configuration import configuration
from opsconsole.api.problems import Problem
from opsconsole.console.pages import REASON_LENGTH

LOOKED_AT = (str, dict, list)  # all else that JSON has can be stored
NO_NUL, FILLED = r"^[^\x00]*$", r"^[^\x00]*[^\s\x00][^\x00]*$"
_SURROGATE = re.compile("[\ud800-\udfff]")


def _whole(value: Any) -> Any:
    """JSON does not tell 5.0 from 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# Behind the limits, such as Annotated[int, Field(strict=True, ge=0), WHOLE]: before them, the document lacks them.
WHOLE = BeforeValidator(_whole)


def _filled(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("reason", "is needed: the next operator will want to know")
    return text


# Of what is not done without one
Reason = Annotated[str, Field(max_length=REASON_LENGTH, json_schema_extra={"pattern": FILLED}), AfterValidator(_filled)]


class Body(BaseModel):
    """Base of what is sent: written in camelCase, and nothing else in it than it names."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Order(Body):
    """Why; kept with what is done."""

    reason: Annotated[str, Field(max_length=REASON_LENGTH)] = Field("", examples=["the provider is back"])


class Shown(BaseModel):
    """Base of what is answered."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something lies in a body. Written out for what is refused only: names are as long as their sender likes,
    and each would be written once for all that lies below it."""

    name: str | int
    around: "Place | None" = None

    def __str__(self) -> str:
        names, place = [str(self.name)], self.around
        while place is not None:
            names.append(str(place.name))
            place = place.around
        return ".".join(reversed(names))


class StrictParser(Parser):
    """Hands out what `read` has read."""

    def parse_body(self, request: HttpRequest) -> Any:
        return request.json_body  # type: ignore[attr-defined]


def read(request: HttpRequest, operation: Operation) -> None:
    """Read the body as JSON if the operation takes one; raises Problem: 400, 413, 415, 422."""
    raw = _bounded(request)
    request._body = raw
    request.json_body = None  # type: ignore[attr-defined]
    if raw and any(model.__ninja_param_source__ == "body" for model in operation.models):
        if request.content_type != "application/json":
            raise Problem(415, "Send application/json.", headers={"Accept": "application/json"})
        request.json_body = parsed(raw)  # type: ignore[attr-defined]
        if request.json_body is None:  # type: ignore[attr-defined]
            raise Problem.of_field("body", "is null: send an object, or no body where none is required")


def parsed(raw: bytes | str) -> Any:
    """JSON, strictly; raises Problem."""
    try:
        text = raw.decode() if isinstance(raw, bytes) else raw
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_each_once)
    except RecursionError:
        raise _too_deep() from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Problem(400, f"The body is not JSON in UTF-8: {error}") from None
    except ValueError:
        raise Problem(400, "The body holds a number of more digits than are read.") from None
    if "\\u" in text or text.count("[") + text.count("{") > configuration().depth_limit:
        _look_through(value)
    return value


def refuse_unstorable(field: object, text: str) -> None:
    """Raises Problem for text with a NUL or half a surrogate pair."""
    if "\0" in text:
        raise Problem.of_field(str(field), "holds a NUL character")
    if _SURROGATE.search(text):
        raise Problem.of_field(str(field), "holds half of a surrogate pair, which is no character")


def too_large(limit: int) -> Problem:
    return Problem(413, f"A body has {limit:,} bytes at most.")


def _bounded(request: HttpRequest) -> bytes:
    limit = configuration().body_limit
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if declared.isdecimal() and int(declared) > limit:
        raise too_large(limit)
    try:
        raw: bytes = request.read(limit + 1)
    except UnreadablePostError:
        raise Problem(400, "The body ended before its end.") from None
    if len(raw) > limit:
        raise too_large(limit)
    return raw


def _each_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a name that is there twice, whoever looked at it before may have seen the other one."""
    found = dict(members)
    if len(found) < len(members):
        raise Problem(400, "An object in the body has two members of the same name.")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise Problem(400, f"The body is not JSON in UTF-8: {name} is none")


def _too_deep() -> Problem:
    return Problem(400, f"Lists and objects lie more than {configuration().depth_limit} deep in each other.")


def _look_through(value: Any) -> None:
    """Not by recursion: it is just that which must not be trusted here."""
    deepest = configuration().depth_limit
    waiting: list[tuple[Place, Any, int]] = [(Place("body"), value, 1)]
    while waiting:
        place, one, depth = waiting.pop()
        if isinstance(one, str):
            refuse_unstorable(place, one)
        elif isinstance(one, dict | list):
            if depth > deepest:
                raise _too_deep()
            inner = _within(one, place)
            waiting.extend((Place(name, place), each, depth + 1) for name, each in inner if isinstance(each, LOOKED_AT))


def _within(one: dict[str, Any] | list[Any], place: Place) -> Iterator[tuple[str | int, Any]]:
    if isinstance(one, list):
        yield from enumerate(one)
        return
    for name, inner in one.items():
        refuse_unstorable(place, name)
        yield name, inner
