"""Errors as problem details (RFC 9457)."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import JsonResponse


class Problem(Exception):
    """A request that is answered with an error; `errors` name the fields that are wrong."""

    def __init__(self, status: HTTPStatus, detail: str, errors: Iterable[dict[str, str]] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = list(errors)

    def response(self) -> JsonResponse:
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors
        return JsonResponse(body, status=self.status.value, content_type="application/problem+json")


def refused_by_rules(error: ValidationError) -> Problem:
    """What the models object to; a name that is taken is a conflict."""
    errors = [
        {"field": "" if field == NON_FIELD_ERRORS else field, "message": message}
        for field, messages in error.message_dict.items()
        for message in messages
    ]
    codes = {single.code for singles in error.error_dict.values() for single in singles}
    is_taken = codes <= {"unique", "unique_together"}
    status = HTTPStatus.CONFLICT if is_taken else HTTPStatus.UNPROCESSABLE_ENTITY
    return Problem(status, "; ".join(entry["message"] for entry in errors), errors)
