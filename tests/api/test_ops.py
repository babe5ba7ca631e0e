"""The API on the command line: the same verbs, the same permissions, tables and JSON."""

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test.utils import override_script_prefix

from opsconsole.api.calling import operations
from opsconsole.engine.models import Command
from tests.api.callers import somebody
from tests.past import a_command

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _administrator(db: None) -> None:
    User.objects.create_superuser("root")


def ops(*words: str) -> str:
    out = StringIO()
    call_command("ops", *words, stdout=out)
    return out.getvalue().rstrip()


def asked(*words: str) -> Any:
    return json.loads(ops("--json", *words))


def test_every_operation_has_its_words():
    words = {(one.group, one.verb) for one in operations()}
    assert {("commands", "list"), ("commands", "reprocess-many"), ("jobs", "create"), ("schedules", "pause")} <= words


def test_they_lead_somewhere_below_a_prefix_too(settings: Any):
    """As manage.py sets it."""
    settings.FORCE_SCRIPT_NAME = "/ops"
    with override_script_prefix("/ops/"):
        assert asked("health", "live")["status"] == "Healthy"
        command = a_command()
        a_command()
        assert asked("commands", "show", str(command.pk))["id"] == str(command.pk)
        assert asked("commands", "list", "--limit", "1")["next"].startswith("/ops/api/v1/commands?")


def test_a_list_is_a_table():
    command = a_command("error")
    a_command("success")
    head, row = ops("commands", "list", "--status", "error").splitlines()
    assert head.split() == ["id", "type", "status", "queue", "attempts", "createdAt"]
    assert row.split()[:4] == [str(command.pk), "tests.act", "error", "default"]
    assert ops("commands", "list", "--type", "none") == "Nothing."


def test_it_goes_on():
    ids = [str(a_command().pk) for _ in range(3)]
    first = ops("commands", "list", "--limit", "2")
    cursor = first.splitlines()[-1].removeprefix("more: --cursor ")
    assert ids[0] in ops("commands", "list", "--limit", "2", "--cursor", cursor)


def test_one_is_told_line_by_line_or_as_json():
    command = a_command("error")
    assert ops("commands", "show", str(command.pk)).split()[:2] == ["id", str(command.pk)]
    assert asked("commands", "show", str(command.pk))["status"] == "error"


def test_a_job_is_sent():
    job = asked("jobs", "create", "--type", "SendEmail", "--payload", '{"To": "a@example.com"}', "--max-retries", "1")
    assert job["state"] == "Pending"
    assert Command.objects.get().max_attempts == 2


def test_what_is_done_is_logged_in_somebodys_name():
    command = a_command("error")
    assert asked("commands", "reprocess", str(command.pk), "--reason", "mended")["changed"] == 1
    entry = LogEntry.objects.get()
    assert entry.user.username == "root"
    assert entry.change_message.endswith("reason: mended; via command line")


def test_many_at_once():
    ids = [str(a_command("error").pk) for _ in range(2)]
    assert asked("commands", "reprocess-many", "--ids", json.dumps(ids))["changed"] == 2


def test_a_refusal_is_told():
    with pytest.raises(CommandError, match="Nothing was done: it has ended: success"):
        ops("commands", "cancel", str(a_command("success").pk))
    with pytest.raises(CommandError, match="is no type of job"):
        ops("jobs", "create", "--type", "Nothing", "--payload", "{}")
    with pytest.raises(CommandError, match="not JSON"):
        ops("commands", "reprocess-many", "--ids", "[1")
    with pytest.raises(CommandError, match="by the system itself"):
        ops("commands", "send", "--type", "streams.apply_parked")


def test_what_a_terminal_would_obey_is_escaped():
    command = a_command("error", error="\x1b[2J\nall is well \x9b", type="\x1b]0;mine\x07")
    for told in (ops("commands", "list"), ops("commands", "show", str(command.pk))):
        assert not {"\x1b", "\x07", "\x9b"} & set(told)
        assert r"\x1b]0;mine\x07" in told
    assert r"\x1b[2J\nall is well" in told
    with pytest.raises(CommandError) as refused:
        ops("jobs", "create", "--type", "\x1b[2J", "--payload", "{}")
    assert "\x1b" not in str(refused.value)


def test_whoever_it_is_may_do_no_more_here():
    somebody("ops_engine.view_command", name="ana")
    assert ops("--as", "ana", "commands", "list") == "Nothing."
    with pytest.raises(CommandError, match="This needs the permission ops_engine.cancel_command"):
        ops("--as", "ana", "commands", "cancel", str(a_command("pending").pk))
    with pytest.raises(CommandError, match="There is no active user nobody"):
        ops("--as", "nobody", "commands", "list")


def test_it_asks_in_whose_name_when_that_is_not_clear():
    User.objects.create_superuser("other")
    with pytest.raises(CommandError, match="In whose name"):
        ops("commands", "list")


def test_what_is_not_well_is_a_failure():
    with pytest.raises(CommandError, match="It is not well"):
        ops("health", "ready")
