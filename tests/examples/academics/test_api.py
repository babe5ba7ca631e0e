"""The two endpoints: what they take, what they refuse, and that a refusal stores nothing."""

import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from opsconsole.engine.models import Event as StoredEvent
from opsconsole.examples.academics.api.bodies import LARGEST
from opsconsole.examples.academics.models import Activity, ClassGroup, Institution
from opsconsole.examples.academics.models.classgroup import PRE_ENROLMENT
from tests.examples.academics import builders

pytestmark = [pytest.mark.django_db, pytest.mark.urls("opsconsole.config.urls")]

INSTITUTIONS, ACTIVITIES = "academics:institutions", "academics:activities"


@pytest.fixture(autouse=True)
def demonstration(settings: Any) -> None:
    settings.DEMO = True


@pytest.fixture
def group() -> ClassGroup:
    return builders.class_group(builders.institution("Universidade Aurora"))


def post(name: str, body: Any, client: Client | None = None, **extra: Any) -> Any:
    raw = body if isinstance(body, bytes | str) else json.dumps(body)
    given = {"content_type": "application/json"} | extra
    return (client or Client(enforce_csrf_checks=True)).post(reverse(name), raw, **given)


def problem(response: Any) -> dict[str, Any]:
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code and body["title"] and body["detail"]
    return body


def stored() -> tuple[int, int, int]:
    return Institution.objects.count(), Activity.objects.count(), StoredEvent.objects.count()


def test_an_institution_is_founded() -> None:
    response = post(INSTITUTIONS, {"name": "  Universidade do Agreste "})
    assert response.status_code == 201
    institution = Institution.objects.get(pk=response.json()["id"])
    assert (institution.name, institution.slug) == ("Universidade do Agreste", "universidade-do-agreste")
    event = StoredEvent.objects.get(pk=UUID(response.json()["event_id"]))
    assert event.type == "academics.institution_created"
    assert event.data == {"institution_id": institution.pk}
    assert event.tenant == str(institution.pk)


def test_a_name_without_latin_letters_still_gets_a_slug() -> None:
    response = post(INSTITUTIONS, {"name": "東京大学"})
    assert response.status_code == 201
    assert Institution.objects.get().slug.startswith("institution-")


def test_an_activity_is_published(group: ClassGroup) -> None:
    body = {
        "class_id": group.pk, "title": "Prova", "description": "Linha um\nlinha dois", "kind": "exam",
        "unit": "N2", "weight": 40, "due_on": "2026-12-01",
    }  # fmt: skip
    response = post(ACTIVITIES, body)
    assert response.status_code == 201
    activity = Activity.objects.get(pk=response.json()["id"])
    assert (activity.class_group, activity.kind, activity.unit) == (group, "exam", "N2")
    assert (activity.weight, activity.due_on) == (40, date(2026, 12, 1))
    event = StoredEvent.objects.get(pk=UUID(response.json()["event_id"]))
    assert (event.type, event.tenant) == ("academics.class_activity_created", group.institution.tenant)


BAD_INSTITUTIONS: dict[str, tuple[Any, int]] = {
    "no JSON": ("{name:", 400),
    "nothing": (" ", 400),
    "a lone surrogate": (r'{"name": "\ud800"}', 400),
    "bytes that are no UTF-8": (b'{"name": "\xff"}', 400),
    "a list": ([], 422),
    "null": (None, 422),
    "no name": ({}, 422),
    "an empty name": ({"name": "   "}, 422),
    "a number for a name": ({"name": 7}, 422),
    "a long name": ({"name": "x" * 121}, 422),
    "a NUL character": ({"name": "a\0b"}, 422),
    "two lines": ({"name": "a\nb"}, 422),
    "an unknown field": ({"name": "Aurora", "tenant": "1"}, 422),
    "a name that is taken": ({"name": "universidade AURORA"}, 409),
    "a name whose slug is taken": ({"name": "Universidade, Aurora!"}, 409),
    "too much": ({"name": "x", "filler": "x" * LARGEST}, 413),
    "a thousand brackets": ("[" * 100_000, 413),
    "deep brackets": ("[" * 30_000, 400),
}


@pytest.mark.parametrize("case", BAD_INSTITUTIONS)
def test_a_bad_institution_is_refused_and_nothing_is_stored(case: str) -> None:
    builders.institution("Universidade Aurora")
    body, status = BAD_INSTITUTIONS[case]
    before = stored()
    response = post(INSTITUTIONS, json.dumps(body) if body is None else body)
    assert response.status_code == status
    problem(response)
    assert stored() == before


BAD_ACTIVITIES: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown class": ({"class_id": 2**60}, "class_id"),
    "a class number out of range": ({"class_id": 2**63}, "class_id"),
    "a class number in quotes": ({"class_id": "1"}, "class_id"),
    "a class that is true": ({"class_id": True}, "class_id"),
    "a negative class": ({"class_id": -1}, "class_id"),
    "an empty title": ({"title": ""}, "title"),
    "a long title": ({"title": "x" * 121}, "title"),
    "a NUL in the description": ({"description": "a\0b"}, "description"),
    "a long description": ({"description": "x" * 4001}, "description"),
    "an unknown kind": ({"kind": "party"}, "kind"),
    "an unknown unit": ({"unit": "N4"}, "unit"),
    "no weight at all": ({"weight": 0}, "weight"),
    "too much weight": ({"weight": 101}, "weight"),
    "a weight with a fraction": ({"weight": 1.5}, "weight"),
    "a day that does not exist": ({"due_on": "2026-02-30"}, "due_on"),
    "no day": ({"due_on": None}, "due_on"),
}


@pytest.mark.parametrize("case", BAD_ACTIVITIES)
def test_a_bad_activity_is_refused_by_the_name_of_its_field(group: ClassGroup, case: str) -> None:
    changes, field = BAD_ACTIVITIES[case]
    before = stored()
    response = post(ACTIVITIES, {"class_id": group.pk, "title": "Prova", "due_on": "2026-12-01"} | changes)
    assert response.status_code == 422
    assert {entry["field"] for entry in problem(response)["errors"]} == {field}
    assert stored() == before


def test_a_class_that_has_not_started_takes_no_activity(group: ClassGroup) -> None:
    ClassGroup.objects.update(status=PRE_ENROLMENT)
    response = post(ACTIVITIES, {"class_id": group.pk, "title": "Prova", "due_on": "2026-12-01"})
    assert response.status_code == 422
    assert "pre-enrolment" in problem(response)["detail"]


@pytest.mark.parametrize("name", [INSTITUTIONS, ACTIVITIES])
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options", "head"])
def test_only_post_is_offered(name: str, method: str) -> None:
    response = getattr(Client(), method)(reverse(name))
    assert response.status_code == 405
    assert response["Allow"] == "POST"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_only_json_is_taken(content_type: str) -> None:
    response = post(INSTITUTIONS, {"name": "Aurora"}, content_type=content_type)
    assert response.status_code == 415
    problem(response)


def test_a_form_of_another_site_is_not_taken() -> None:
    response = post(
        INSTITUTIONS,
        b'{"name": "Aurora"}',
        content_type="text/plain",
        headers={"origin": "https://x.example"},
    )
    assert response.status_code == 415


def test_a_body_longer_than_it_says_is_cut_off() -> None:
    response = post(INSTITUTIONS, {"name": "x", "filler": "x" * LARGEST}, CONTENT_LENGTH="")
    assert response.status_code in (400, 413)


@pytest.mark.parametrize("name", [INSTITUTIONS, ACTIVITIES])
def test_outside_the_demonstration_they_are_closed(name: str, settings: Any) -> None:
    settings.DEMO = False
    response = post(name, {"name": "Aurora"})
    assert response.status_code == 403
    assert "demonstration" in problem(response)["detail"]


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "2001:db8::1", "", "unix:"])
def test_other_machines_are_turned_away(address: str) -> None:
    response = post(INSTITUTIONS, {"name": "Aurora"}, REMOTE_ADDR=address)
    assert response.status_code == 403
    assert "loopback" in problem(response)["detail"]
    assert not Institution.objects.exists()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_is_let_in(address: str) -> None:
    assert post(INSTITUTIONS, {"name": "Aurora"}, REMOTE_ADDR=address).status_code == 201
