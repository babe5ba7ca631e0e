"""Errors as problem details (RFC 9457)."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

CONTENT_TYPE = "application/problem+json"
MOST_ERRORS, LONGEST_FIELD = 100, 200  # that are told; characters of a field's name
OWN_TYPES = "urn:opsconsole:problem:"


class FieldError(BaseModel):
    """One thing that is wrong with what was sent."""

    field: str = Field(examples=["body.payload.To"])
    detail: str = Field(examples=["Field required"])


class ProblemBody(BaseModel):
    """What an error looks like (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Entity",
                    "status": 422,
                    "detail": "body.type: Field required",
                    "instance": "/jobs",
                    "requestId": "0199f0c2a3d47c1b8e51",
                    "errors": [{"field": "body.type", "detail": "Field required"}],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    requestId: str  # noqa: N815 - as it is written
    errors: list[FieldError] | None = None


class Problem(Exception):
    """A request that is answered with an error.

    `type` is a word of ours for what is wrong; `errors` name the fields, as {"field": …, "detail": …}; `members`
    are added to the body as they are.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        type: str = "about:blank",
        title: str | None = None,
        errors: Iterable[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.type = type if type == "about:blank" else f"{OWN_TYPES}{type}"
        self.title = title or HTTPStatus(status).phrase
        self.errors = [dict(error) for error in errors]
        self.headers = dict(headers or {})
        self.members = dict(members or {})

    @classmethod
    def of_fields(cls, errors: Iterable[Mapping[str, str]], *, status: int = 422) -> "Problem":
        """Wrong fields, told in one sentence and one by one."""
        listed = [{"field": _cut(error["field"]), "detail": error["detail"]} for error in errors]
        return cls(status, "; ".join(f"{error['field']}: {error['detail']}" for error in listed[:3]), errors=listed)

    @classmethod
    def of_field(cls, field: str, detail: str, *, status: int = 422) -> "Problem":
        return cls.of_fields([{"field": field, "detail": detail}], status=status)


def respond(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The answer that tells the problem."""
    body: dict[str, Any] = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.path,
        "requestId": getattr(request, "request_id", ""),
        **({"errors": problem.errors} if problem.errors else {}),
        **problem.members,
    }
    return HttpResponse(json.dumps(body), status=problem.status, content_type=CONTENT_TYPE, headers=problem.headers)


def problems_of(*statuses: int) -> dict[int, type[ProblemBody]]:
    """For `response=` of an operation: the errors that it answers, besides those that any operation may."""
    return dict.fromkeys(statuses, ProblemBody)


def wrong_fields(found: Iterable[Mapping[str, Any]], *within: str) -> list[dict[str, str]]:
    """pydantic's errors as ours: `within` are the names of what the payload is part of."""
    return [{"field": ".".join([*within, *map(str, one["loc"])]), "detail": one["msg"]} for one in found]


def refuse_too_many_errors(error: ValidationError, place: str) -> None:
    """Raises Problem with their number only: an answer would be many times as long as what was sent."""
    if error.error_count() > MOST_ERRORS:
        raise Problem.of_field(place, f"holds {error.error_count():,} errors, which are too many to be told")


def _cut(field: str) -> str:
    """Names are as long as their sender likes."""
    return field if len(field) <= LONGEST_FIELD else f"{field[:LONGEST_FIELD]}…"
