"""Pages that refresh themselves: only their live part travels, and only when it changed."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from opsconsole.console.pages import VERSION, version_of
from opsconsole.kernel import clock
from tests.past import a_command

pytestmark = pytest.mark.django_db

URL = "/admin/engine/commands/"


def refreshed(client: Client, url: str = URL, version: str = "") -> HttpResponse:
    return client.get(url, headers={"HX-Request": "true", "HX-Target": "live", VERSION: version})


def test_a_refresh_brings_the_live_part_alone(operator: Client) -> None:
    command = a_command()
    html = refreshed(operator).content.decode()
    assert str(command.pk) in html
    assert "<html" not in html
    assert "csrfmiddlewaretoken" not in html, "tokens differ each time: the part would always look changed"


@pytest.mark.parametrize("name", ["events", "commands", "batches", "workflows"])
def test_what_has_not_changed_is_not_sent_again(operator: Client, name: str) -> None:
    url = reverse(f"admin:ops_{name}")
    first = refreshed(operator, url)
    second = refreshed(operator, url, first.headers[VERSION])
    assert (second.status_code, second.content) == (204, b"")


def test_a_detail_that_has_not_changed_is_not_sent_again(operator: Client) -> None:
    url = reverse("admin:ops_command", args=[a_command("error").pk])
    assert refreshed(operator, url, refreshed(operator, url).headers[VERSION]).status_code == 204


def test_what_has_changed_is_sent(operator: Client) -> None:
    command = a_command("pending")
    version = refreshed(operator).headers[VERSION]
    type(command).objects.filter(pk=command.pk).update(status="cancelled")
    assert refreshed(operator, version=version).status_code == 200


def test_time_passing_is_no_change(operator: Client) -> None:
    a_command()
    with clock.freeze(clock.now()):
        version = refreshed(operator).headers[VERSION]
    with clock.freeze(clock.now() + timedelta(minutes=7)):
        second = refreshed(operator, version=version)
    assert second.status_code == 204


def test_the_version_looks_past_times_only() -> None:
    assert version_of("<p><time data-ago>1 s ago</time></p>") == version_of("<p><time data-ago>9 s ago</time></p>")
    assert version_of("<p>1</p>") != version_of("<p>2</p>")
