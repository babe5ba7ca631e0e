"""What is said about the API before it runs."""

import pytest

from opsconsole.api import checks
from opsconsole.streams.processes import ByHand
from tests.handlers_app.messages import Act
from tests.handlers_app.processes import Matter


def test_nothing_is_said_about_what_is_right():
    assert checks.check_messages(None) == []


def test_a_command_for_processes_that_anybody_may_send_by_its_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Matter, "by_hand", (ByHand("Act", Act, ("open",)),))
    (found,) = checks.check_messages(None)
    assert (found.id, "'tests.act'" in found.msg) == ("ops_api.W004", True)
