"""The OpenAPI document: what ninja says, put right where the kit answers for all operations alike."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from ninja.openapi.schema import REF_TEMPLATE
from ninja.operation import Operation

from opsconsole.api.bodies import FILLED, NO_NUL
from opsconsole.api.configuration import configuration
from opsconsole.api.needing import Needs, needs_of
from opsconsole.api.once import HEADER, LONGEST
from opsconsole.api.problems import CONTENT_TYPE, ProblemBody

Document = dict[str, Any]

PROBLEM: Document = {"schema": {"$ref": REF_TEMPLATE.format(model="ProblemBody")}}
KEY = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": "The same key and body get the same answer, and nothing is done twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": r"^[!-~]+$"},
    "example": "order-4711",
}
END_OF_SENTENCE = re.compile(r"[.:;](?:\s|$)")
TAG = {"ETag": {"description": "Send it back as If-None-Match.", "schema": {"type": "string"}}}
REQUEST_ID = {"X-Request-ID": {"description": "Stands in the log, too.", "schema": {"type": "string"}}}


def complete(document: Document, operations: dict[tuple[str, str], Operation]) -> Document:
    """Add what any operation may answer, in the form in which it does; `operations` are known by path and method."""
    schemas = document["components"].setdefault("schemas", {})
    body = ProblemBody.model_json_schema(ref_template=REF_TEMPLATE)
    schemas.update({**body.pop("$defs"), "ProblemBody": body})
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            _complete(told, method, *_found(operations, path, method))
            _tell_what_text_holds([one for one in told["parameters"] if one["in"] == "query"], FILLED)
    _tell_what_text_holds(document, NO_NUL)
    return document


def _found(operations: dict[tuple[str, str], Operation], path: str, method: str) -> tuple[Operation, Needs]:
    operation = operations[path.rstrip("/") or "/", method]
    return operation, needs_of(operation)


def _tell_what_text_holds(one: Any, pattern: str) -> None:
    """No text that is taken or given holds a NUL, and none of a query is empty."""
    if isinstance(one, dict):
        if one.get("type") == "string" and not one.keys() & {"format", "pattern", "enum", "const"}:
            one["pattern"] = pattern
        one = list(one.values())
    if isinstance(one, list):
        for inner in one:
            _tell_what_text_holds(inner, pattern)


def _complete(told: Document, method: str, operation: Operation, needed: Needs) -> None:
    if operation.summary == operation.view_func.__name__.title().replace("_", " "):
        told["summary"] = END_OF_SENTENCE.split(told["description"])[0]
    responses = told["responses"]
    for status in _usual(told, method, needed):
        responses.setdefault(status, {"description": HTTPStatus(status).phrase})
    for status, response in responses.items():
        if int(status) >= 400:
            _as_problem(response)
        response.setdefault("headers", {}).update(REQUEST_ID)
    if method == "get" and not needed.is_public:
        responses[200]["headers"].update(TAG)
    if method == "post":
        told["parameters"].append(KEY)
    for content in told.get("requestBody", {}).get("content", {}).values():
        content["schema"] = _without_null(content["schema"])
    if needed.is_public:
        told["security"] = []
    elif needed.open_on_loopback and configuration().open_on_loopback:
        told["security"] = [*told.get("security", []), {}]


def _without_null(schema: Document) -> Document:
    """A body that may be left out is an object when it is there."""
    told = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    return told[0] if len(told) == 1 else schema


def _as_problem(response: Document) -> None:
    """A status that an operation answers in a form of its own may come as a problem, too."""
    content = response.setdefault("content", {})
    own = content.get("application/json", {}).get("schema")
    if own is None or own == PROBLEM["schema"]:
        content.pop("application/json", None)
    content[CONTENT_TYPE] = PROBLEM


def _usual(told: Document, method: str, needed: Needs) -> Iterator[int]:
    """What the kit itself may answer."""
    yield from (400, 422, 500, 503)
    if not needed.is_public:
        yield from (401, 403, 429)
    if method == "get" and not needed.is_public:
        yield 304
    if method == "post":
        yield from (409, 413)
    if "requestBody" in told:
        yield 415
