"""The document says what is so."""

import json

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from ninja.openapi.schema import OpenAPISchema

from opsconsole.api import Mount, Router
from opsconsole.api.mounting import mounts
from opsconsole.api.site import Api, api
from tests.api.callers import Program

pytestmark = pytest.mark.django_db


def document() -> dict:
    return Program().get("/api/openapi.json").json()


def test_it_is_openapi_3_1_and_names_every_operation_once():
    told = document()
    assert told["openapi"] == "3.1.0"
    ids = [operation["operationId"] for methods in told["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids)) == len(list(api().operations()))


def test_it_is_written_once_and_not_sent_to_whoever_has_it(monkeypatch: pytest.MonkeyPatch):
    first = Program().get("/api/openapi.json")
    monkeypatch.setattr("opsconsole.api.site.json", None)
    monkeypatch.setattr("django.http.response.json", None)
    assert Program().get("/api/openapi.json").content == first.content
    again = Program().get("/api/openapi.json", **{"if-none-match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_reference_leads_somewhere():
    told = document()
    for name in set(json.dumps(told).split('"#/components/schemas/')[1:]):
        assert name.split('"')[0] in told["components"]["schemas"]


def test_the_page_is_served_from_here_only():
    response = Client().get("/api/docs")
    assert response.status_code == 200
    assert b"http" not in response.content.replace(b"http://www.w3.org", b"")
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]


def test_no_two_models_share_a_name(monkeypatch: pytest.MonkeyPatch):
    """The document would tell one of them for both."""
    found: dict[str, list[object]] = {}

    def note(self: OpenAPISchema, definitions: dict[str, object]) -> None:
        for name, definition in definitions.items():
            told = {key: definition[key] for key in ("title", "description", "properties") if key in definition}
            names = (told.get("description"), sorted(told.get("properties", {})))
            if names not in found.setdefault(name, []):
                found[name].append(names)
        self.schemas.update(definitions)

    monkeypatch.setattr(OpenAPISchema, "add_schema_definitions", note)
    Api(list(mounts())).get_openapi_schema()
    assert {name: told for name, told in found.items() if len(told) > 1} == {}


def test_an_operation_that_does_not_say_what_it_needs_is_refused():
    router = Router()

    @router.get("/open")
    def careless(request: object) -> str:
        return ""

    with pytest.raises(ImproperlyConfigured, match="careless does not say what it needs"):
        Api([Mount("/api/v1/tests", router, "Tests")]).urls  # noqa: B018
