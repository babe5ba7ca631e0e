"""Operations called from within this process, as programs call them over HTTP: same checks, same answers."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib.auth.models import AbstractUser
from django.test.client import RequestFactory
from django.urls import get_script_prefix, resolve

from opsconsole.api.callers import COMMAND_LINE, Caller
from opsconsole.api.site import api

COMMON = ("array", "boolean", "integer", "number", "object")


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that an operation is told; `place` is path, query or body. Text that is no string is JSON."""

    name: str
    place: str
    schema: dict[str, Any]
    is_required: bool

    def read(self, text: str) -> Any:
        """What the text means; raises ValueError."""
        if self.place != "body" or not self.types & {*COMMON} or ("string" in self.types and text[:1] not in "{["):
            return text
        return json.loads(text)

    @property
    def types(self) -> set[str]:
        either = self.schema.get("anyOf", [self.schema])
        return {one["type"] for one in either if "type" in one}


@dataclass(frozen=True, slots=True)
class Offered:
    """An operation as the document tells it: `group` and `verb` are the two words of its id."""

    group: str
    verb: str
    method: str
    path: str
    summary: str
    parameters: list[Parameter] = field(default_factory=list)


def operations() -> list[Offered]:
    """All of them, by group."""
    document = api().get_openapi_schema()
    found = [
        _told(document, path, method, told)
        for path, methods in document["paths"].items()
        for method, told in methods.items()
    ]
    return sorted(found, key=lambda one: one.group)


def call(operation: Offered, given: dict[str, Any], user: AbstractUser) -> tuple[int, Any]:
    """Call it in the user's name; returns the status and what was answered."""
    placed: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "body": {}}
    for parameter in operation.parameters:
        if given.get(parameter.name) is not None:
            placed[parameter.place][parameter.name] = parameter.read(given[parameter.name])
    parts = {name: quote(value, safe="") for name, value in placed["path"].items()}
    path = _below_the_script(operation.path).format(**parts)
    body = json.dumps(placed["body"]) if placed["body"] else ""
    query = urlencode(placed["query"])
    request: Any = RequestFactory().generic(
        operation.method.upper(), f"{path}?{query}", body, content_type="application/json"
    )
    request._ops_caller = Caller(user.get_username(), COMMAND_LINE, user=user)
    match = resolve(request.path_info)
    response = match.func(request, *match.args, **match.kwargs)
    return response.status_code, json.loads(response.content or b"null")


def _below_the_script(path: str) -> str:
    """The document's paths are those that programs call; a web server takes the script's name off before it looks."""
    return f"/{path.removeprefix(get_script_prefix())}"


def _told(document: dict[str, Any], path: str, method: str, told: dict[str, Any]) -> Offered:
    group, _, verb = told["operationId"].partition("_")
    parameters = [
        Parameter(one["name"], one["in"], one["schema"], one["required"])
        for one in told["parameters"]
        if one["in"] in ("path", "query")
    ]
    content = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = _resolved(document, content.get("schema", {}))
    required = schema.get("required", [])
    for name, inner in schema.get("properties", {}).items():
        parameters.append(Parameter(name, "body", _resolved(document, inner), name in required))
    return Offered(group, verb.replace("_", "-"), method, path, told["summary"], parameters)


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference leads to; of a choice between one and null, that one."""
    for one in (schema, *schema.get("anyOf", ()), *schema.get("allOf", ())):
        if reference := one.get("$ref"):
            found: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
            return found
    return schema
