"""Tokens: made by those who have what they give, seen once, let in until they are revoked, no faster than allowed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from opsconsole.api import tokens
from opsconsole.api.admin import TokenAdmin
from opsconsole.api.models import Token
from opsconsole.engine.testing import frozen_at
from opsconsole.kernel import clock
from tests.api.callers import Program, a_program, somebody
from tests.console.visitors import logged_in

pytestmark = pytest.mark.django_db

VIEW = "ops_engine.view_command"
COMMANDS = "/api/v1/commands"
LIST, ADD = "/admin/ops_api/token/", "/admin/ops_api/token/add/"


def form(user: User, *scopes: str, **changes: str) -> dict[str, object]:
    return {"name": "nightly", "user": user.pk, "tenant": "", "scopes": scopes, "per_minute": "60", **changes}


def operator(*permissions: str) -> Client:
    user = somebody(*permissions)
    user.is_staff = True
    user.save()
    return logged_in(user)


class TestLettingIn:
    def test_only_a_digest_of_the_secret_is_kept(self):
        token, secret = tokens.make("nightly", somebody(VIEW), [VIEW])
        assert secret not in str(Token.objects.values().get())
        assert token.digest == tokens.digest_of(secret)
        assert secret.startswith(token.hint)

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "Bearer \udcff", "é"])
    def test_whoever_has_no_token_is_asked_for_one(self, header: str):
        program = Program()
        answer = program.get(COMMANDS, authorization=header.encode("latin-1", "replace").decode("latin-1"))
        assert (answer.status_code, answer.headers["WWW-Authenticate"][:6]) == (401, "Bearer")

    def test_from_the_moment_of_its_revocation_it_is_refused(self):
        token, secret = tokens.make("nightly", somebody(VIEW), [VIEW])
        assert Program(secret).get(COMMANDS).status_code == 200
        assert tokens.revoke(token, actor="ana")
        assert not tokens.revoke(token, actor="ana")
        assert Program(secret).get(COMMANDS).status_code == 401

    def test_it_expires(self):
        program = a_program(VIEW, expires_at=clock.now() + timedelta(hours=1))
        assert program.get(COMMANDS).status_code == 200
        with frozen_at(clock.now() + timedelta(hours=2)):
            assert program.get(COMMANDS).status_code == 401

    def test_it_falls_with_its_user(self):
        user = somebody(VIEW)
        program = a_program(VIEW, user=user)
        assert program.get(COMMANDS).status_code == 200
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert program.get(COMMANDS).status_code == 401

    def test_its_last_use_is_known(self):
        program = a_program(VIEW)
        with frozen_at(clock.now()):
            program.get(COMMANDS)
            assert Token.objects.get().use.used_at == clock.now()


class TestRate:
    def test_a_minutes_worth_may_come_at_once_and_then_no_more(self):
        program = a_program(VIEW, per_minute=5)
        with frozen_at(clock.now()) as time:
            assert [program.get(COMMANDS).status_code for _ in range(6)] == [200] * 5 + [429]
            refused = program.get(COMMANDS)
            assert refused.headers["Retry-After"] == "12"
            time.advance(timedelta(seconds=11))
            assert program.get(COMMANDS).status_code == 429
            time.advance(timedelta(seconds=1))
            assert [program.get(COMMANDS).status_code for _ in range(2)] == [200, 429]
            time.advance(timedelta(minutes=10))
            assert [program.get(COMMANDS).status_code for _ in range(6)] == [200] * 5 + [429]

    def test_tokens_have_rates_of_their_own(self):
        first, second = a_program(VIEW, per_minute=1), a_program(VIEW, per_minute=1)
        assert [one.get(COMMANDS).status_code for one in (first, second, first)] == [200, 200, 429]


class TestAdmin:
    def test_a_secret_is_shown_once_and_lets_in(self):
        client = operator("ops_api.add_token", "ops_api.view_token", VIEW)
        user = User.objects.get()
        page = client.post(ADD, form(user, VIEW))
        assert page.status_code == 200
        assert "no-store" in page.headers["Cache-Control"]
        secret = page.context["secret"]
        assert secret in page.content.decode()
        assert Program(secret).get(COMMANDS).status_code == 200
        token = Token.objects.get()
        for url in (LIST, f"{LIST}{token.pk}/change/"):
            shown = client.get(url)
            assert shown.status_code == 200
            assert secret not in shown.content.decode()
            assert token.hint in shown.content.decode()
        assert LogEntry.objects.filter(object_id=token.pk).count() == 1

    def test_a_time_is_read_in_the_zone_that_is_named(self):
        client = operator("ops_api.add_token", VIEW)
        with timezone.override("America/Sao_Paulo"):
            assert "In the zone America/Sao_Paulo" in client.get(ADD).content.decode()
            client.post(ADD, {**form(User.objects.get(), VIEW), "expires_at": "2199-01-01T12:00"})
        assert Token.objects.get().expires_at == datetime(2199, 1, 1, 15, tzinfo=UTC)

    def test_nobody_gives_away_what_they_have_not(self):
        client = operator("ops_api.add_token", "ops_api.view_token", VIEW)
        mighty = User.objects.create_superuser("root")
        page = client.post(ADD, form(User.objects.exclude(pk=mighty.pk).get(), "ops_engine.cancel_command"))
        assert "scopes" in page.context["adminform"].form.errors
        page = client.post(ADD, form(mighty, VIEW))
        assert "user" in page.context["adminform"].form.errors
        assert not Token.objects.exists()

    @pytest.mark.parametrize("permissions", [(), ("ops_api.view_token",)])
    def test_making_needs_its_permission(self, permissions: tuple[str, ...]):
        client = operator(*permissions)
        assert client.post(ADD, form(User.objects.get(), VIEW)).status_code == 403
        assert not Token.objects.exists()

    def test_a_revocation_that_cannot_be_logged_is_none(self, monkeypatch: pytest.MonkeyPatch):
        def fail(*args: object) -> None:
            raise ZeroDivisionError

        token, secret = tokens.make("nightly", somebody(VIEW), [VIEW])
        client = operator("ops_api.view_token", "ops_api.revoke_token")
        monkeypatch.setattr(TokenAdmin, "log_change", fail)
        with pytest.raises(ZeroDivisionError):
            client.post(f"{LIST}{token.pk}/revoke/")
        assert Program(secret).get(COMMANDS).status_code == 200

    def test_revoking_needs_its_permission_and_is_logged(self):
        token, secret = tokens.make("nightly", somebody(VIEW), [VIEW])
        url = f"{LIST}{token.pk}/revoke/"
        assert operator("ops_api.view_token", "ops_api.add_token").post(url).status_code == 403
        assert Program(secret).get(COMMANDS).status_code == 200
        client = operator("ops_api.view_token", "ops_api.revoke_token")
        assert client.get(url).status_code == 405
        assert "Revoke: let it in no more" in client.get(f"{LIST}{token.pk}/change/").content.decode()
        assert client.post(url).status_code == 302
        assert Program(secret).get(COMMANDS).status_code == 401
        assert LogEntry.objects.get().change_message == "Revoked."
        assert client.post(f"{LIST}{token.pk}/change/", {"name": "other"}).status_code == 403
        assert client.post(f"{LIST}{token.pk}/delete/", {"post": "yes"}).status_code == 403
