"""Every address checked on the server, every page under the strict policy."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import get_resolver, reverse

from opsconsole.console import actions
from opsconsole.console.kinds import KINDS
from opsconsole.console.middleware import POLICY, ActingUser, ContentSecurityPolicy
from opsconsole.engine.models import Command, Workflow
from opsconsole.kernel import tracing
from opsconsole.kernel.identifiers import uuid7
from tests.console.sights import pages_of_streams
from tests.console.visitors import VIEWING, Page, logged_in, look, somebody
from tests.past import a_batch, a_command, an_event, caused_by

pytestmark = pytest.mark.django_db

PERMISSIONS = sorted({action.permission.removeprefix("ops_engine.") for action in actions.ACTIONS})
ROLES = ["anonymous", "not staff", "staff", "viewer", *PERMISSIONS]


def visitor(role: str) -> Client:
    if role == "anonymous":
        return Client()
    if role == "not staff":
        return logged_in(User.objects.create_user("student"))
    granted = {"staff": (), "viewer": VIEWING}.get(role, (*VIEWING, role))
    return somebody(*granted)


def a_row(kind: str) -> Any:
    """A row to which every action of its kind might be tried."""
    if kind == "workflow":
        return Workflow.objects.create(name="tests.flow", status="error", correlation_id=uuid7())
    return {"event": an_event, "command": a_command}.get(kind, lambda status: a_batch(status=status))("error")


def pages() -> Iterator[str]:
    """Every page of the console, with something on it."""
    event = an_event("error", source_model="academics.student", source_id="1")
    command = a_command("error", error="no", error_class="No", **caused_by(event))
    batch = a_batch(2, **caused_by(event))
    a_command("success", batch_id=batch.pk, **caused_by(event))
    a_command("awaiting", release_on="success", **caused_by(batch))
    workflow = a_row("workflow")
    for kind in KINDS.values():
        yield kind.list_url
        yield f"{kind.list_url}?status=error&range=custom&from=2020-01-01T00:00&correlation={uuid7()}"
    for row in (event, command, batch, workflow):
        yield reverse(f"admin:ops_{type(row).__name__.lower()}", args=[row.pk])
    yield reverse("admin:ops_flow", args=[event.correlation_id])
    yield reverse("admin:ops_search")
    yield reverse("admin:ops_search") + "?q=send"
    yield reverse("admin:ops_engine")
    yield from pages_of_streams()
    yield reverse("admin:index")


class TestPermissions:
    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize("action", actions.ACTIONS, ids=lambda action: f"{action.name}_{action.kind}")
    def test_an_action_is_refused_unless_its_permission_is_held(self, role: str, action: actions.Action) -> None:
        row = a_row(action.kind)
        url = reverse(f"admin:ops_{action.kind}_act")
        data = {"action": action.name, "id": str(row.pk), "confirmed": "1"}
        response = visitor(role).post(url, data)
        if role in ("anonymous", "not staff"):
            assert response.status_code == 302
            assert "/login/" in response.headers["Location"]
        elif f"ops_engine.{role}" == action.permission:
            assert response.status_code == 302
            assert "/login/" not in response.headers["Location"]
        else:
            assert response.status_code == 403
        assert LogEntry.objects.exists() == (f"ops_engine.{role}" == action.permission)

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_kind_is_hidden_from_whoever_may_not_view_it(self, kind: str) -> None:
        row = a_row(kind)
        others = somebody(*(f"view_{other}" for other in KINDS if other != kind))
        for url in (KINDS[kind].list_url, KINDS[kind].url(row.pk)):
            assert f"ops_engine.view_{kind}" in look(others, url, status=403).text
        assert KINDS[kind].list_url not in look(others, reverse("admin:index")).links

    @pytest.mark.parametrize("kind", ["event", "command"])
    def test_data_is_downloaded_only_by_whoever_may_view_the_row(self, kind: str) -> None:
        url = reverse(f"admin:ops_{kind}_data", args=[a_row(kind).pk])
        assert somebody().get(url).status_code == 403
        assert somebody(f"view_{kind}").get(url).status_code == 200

    def test_buttons_that_are_not_permitted_are_shown_with_the_permission_they_need(self) -> None:
        command = a_command("error")
        page = look(somebody(*VIEWING), KINDS["command"].url(command.pk))
        assert not page.having("name", "action")
        assert {at["data-reason"] for at in page.having("data-reason")} == {
            f"Needs the permission ops_engine.{name}_command." for name in ("retry", "reprocess", "cancel")
        }

    def test_members_of_staff_without_any_permission_see_an_overview_that_says_so(self) -> None:
        assert look(somebody(), reverse("admin:index"))
        assert look(somebody(), reverse("admin:ops_flow", args=[uuid7()]), status=403)

    @pytest.mark.parametrize("kind", KINDS)
    def test_acting_takes_a_post(self, operator: Client, kind: str) -> None:
        assert operator.get(reverse(f"admin:ops_{kind}_act")).status_code == 405

    @pytest.mark.parametrize("kind", KINDS)
    def test_acting_takes_a_token_against_forgery(self, kind: str) -> None:
        row = a_row(kind)
        client = logged_in(User.objects.create_superuser("eve"), enforce_csrf_checks=True)
        action = next(action for action in actions.ACTIONS if action.kind == kind)
        response = client.post(reverse(f"admin:ops_{kind}_act"), {"action": action.name, "id": str(row.pk)})
        assert response.status_code == 403
        assert not Command.objects.filter(cause_kind="reprocess").exists()

    def test_every_address_of_the_console_is_behind_the_admin_s_door(self) -> None:
        names = [name for name in get_resolver().namespace_dict["admin"][1].reverse_dict if isinstance(name, str)]
        console = [name for name in names if name.startswith("ops_") and not name.endswith(("_change", "_changelist"))]
        assert len(console) >= 17
        for name in console:
            url = self._url(name)
            for response in (Client().get(url), Client().post(url)):
                assert response.status_code == 302, name
                assert "/login/" in response.headers["Location"], name

    def _url(self, name: str) -> str:
        try:
            return reverse(f"admin:{name}")
        except Exception:
            return reverse(f"admin:{name}", args=[uuid7()])


class TestContentPolicy:
    def test_every_page_is_sent_with_the_policy_and_nothing_inline(self, operator: Client) -> None:
        for url in pages():
            response = operator.get(url)
            assert response.status_code == 200, url
            assert response.headers["Content-Security-Policy"] == POLICY, url
            page = Page(response.content.decode())
            assert page.inline_scripts == [], url
            assert page.having("style") == [], url
            handlers = {name for _, at in page.elements for name in at if name.startswith("on")}
            assert handlers == set(), url
            assert not [link for link in page.links if link.startswith("javascript:")], url

    def test_nothing_is_loaded_from_elsewhere(self, operator: Client) -> None:
        for url in pages():
            page = look(operator, url)
            for name in ("src", "action", "hx-get"):
                assert not [at[name] for at in page.having(name) if "//" in at[name]], url

    def test_the_login_page_is_under_it_too(self) -> None:
        assert Client().get("/admin/login/").headers["Content-Security-Policy"] == POLICY

    def test_a_policy_that_the_view_set_is_left_alone(self) -> None:
        def view(request: HttpRequest) -> HttpResponse:
            return HttpResponse(headers={"Content-Security-Policy": "default-src 'none'"})

        response = ContentSecurityPolicy(view)(RequestFactory().get("/"))
        assert response.headers["Content-Security-Policy"] == "default-src 'none'"

    @override_settings(MIDDLEWARE=["django.middleware.csp.ContentSecurityPolicyMiddleware"])
    def test_it_steps_aside_for_the_middleware_of_django(self) -> None:
        response = ContentSecurityPolicy(lambda request: HttpResponse())(RequestFactory().get("/"))
        assert "Content-Security-Policy" not in response.headers


class TestActingUser:
    def seen(self, user: Any) -> tracing.Cause:
        causes = []

        def view(request: HttpRequest) -> HttpResponse:
            causes.append(tracing.current())
            return HttpResponse()

        request = RequestFactory().get("/")
        request.user = user
        ActingUser(view)(request)
        assert tracing.current() == tracing.NOBODY
        return causes[0]

    def test_what_a_request_sets_off_is_caused_by_its_user(self) -> None:
        assert self.seen(User(username="ana")) == tracing.Cause(kind="user", metadata={"actor": "ana"})

    def test_nobody_acts_for_a_visitor_who_is_not_logged_in(self) -> None:
        assert self.seen(AnonymousUser()) == tracing.NOBODY
