"""The document says what is so."""

import json

import pytest
from django.test import Client

from opsconsole.api.site import api
from tests.api.callers import Program

pytestmark = pytest.mark.django_db


def document() -> dict:
    return Program().get("/api/openapi.json").json()


def test_it_is_openapi_3_1_and_names_every_operation_once():
    told = document()
    assert told["openapi"] == "3.1.0"
    ids = [operation["operationId"] for methods in told["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids)) == len(list(api().operations()))
    print(sorted(ids))


def test_every_reference_leads_somewhere():
    told = document()
    for name in set(json.dumps(told).split('"#/components/schemas/')[1:]):
        assert name.split('"')[0] in told["components"]["schemas"]


def test_the_page_is_served_from_here_only():
    response = Client().get("/api/docs")
    assert response.status_code == 200
    assert b"http" not in response.content.replace(b"http://www.w3.org", b"")
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
