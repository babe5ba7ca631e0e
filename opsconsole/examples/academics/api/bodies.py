"""What a request may say: bounded, and nothing that PostgreSQL cannot store."""

from datetime import date
from http import HTTPStatus
from typing import Annotated, TypeVar

from django.http import HttpRequest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from opsconsole.examples.academics.api.problems import Problem
from opsconsole.examples.academics.models import Activity
from opsconsole.examples.academics.models.enrolment import Unit

LARGEST = 64 * 1024  # bytes

B = TypeVar("B", bound="Body")


def _one_line(text: str) -> str:
    if any(not character.isprintable() for character in text):
        raise PydanticCustomError("unprintable", "Text should be one line of printable characters")
    return text


def _storable(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("unstorable", "Text should hold no NUL character")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_one_line)]
Text = Annotated[str, AfterValidator(_storable)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", use_enum_values=True)


class NewInstitution(Body):
    name: Annotated[Line, Field(max_length=120)]


class NewActivity(Body):
    class_id: Annotated[int, Field(ge=1, le=2**63 - 1, strict=True)]
    title: Annotated[Line, Field(max_length=120)]
    description: Annotated[Text, Field(max_length=4000)] = ""
    kind: Activity.Kind = Activity.Kind.WORK
    unit: Unit = Unit.N1
    weight: Annotated[int, Field(ge=1, le=100, strict=True)] = 20
    due_on: date


def read(request: HttpRequest, kind: type[B]) -> B:
    """The request's body, checked; raises Problem: 413, 415, 400 for no JSON, 422 for wrong content."""
    if request.content_type != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
    raw = _bounded(request)
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        raise Problem(HTTPStatus.BAD_REQUEST, found[0]["msg"])
    errors = [{"field": ".".join(map(str, entry["loc"])), "message": entry["msg"]} for entry in found]
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(f"{e['field']}: {e['message']}" for e in errors), errors)


def _bounded(request: HttpRequest) -> bytes:
    too_large = Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body has {LARGEST:,} bytes at most")
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if declared.isdecimal() and int(declared) > LARGEST:
        raise too_large
    raw = request.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise too_large
    return raw
