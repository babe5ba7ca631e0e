"""What can be known to be wrong with the settings before a reminder is due."""

from typing import Any

import pytest

from opsconsole.engine import Fixed
from opsconsole.engine.registry import HANDLERS
from opsconsole.reminders.checks import check_settings
from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.configuration import Configuration


def found(settings: Any, **given: Any) -> list[tuple[str, str, str]]:
    settings.OPSCONSOLE_REMINDERS = given
    return [(one.id, one.msg, one.hint) for one in check_settings(None)]


def test_what_fits_is_not_complained_about(settings: Any):
    assert found(settings) == []
    assert found(settings, timeout=30, at_once=1, retry=Fixed(every=60, times=3), allowed_hosts=["a.example"]) == []


def test_a_misspelt_name_is_told_with_the_nearest_one(settings: Any):
    ((identifier, text, hint),) = found(settings, time_out=3)
    assert identifier == "ops_reminders.E001" and "time_out" in text and "'timeout'" in hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", 0),
        ("timeout", -1.0),
        ("timeout", 3601),
        ("timeout", "10"),
        ("timeout", True),
        ("timeout", float("nan")),
        ("at_once", 0),
        ("at_once", -5),
        ("at_once", 1001),
        ("at_once", 10.0),
        ("at_once", True),
        ("retry", 3),
        ("retry", Fixed),
        ("retry", None),
        ("allow_loopback", "false"),
        ("allow_loopback", 1),
        ("allowed_hosts", "intranet"),
        ("allowed_hosts", [b"intranet"]),
        ("signing_key", b"secret"),
        ("signing_key", None),
    ],
)
def test_a_value_that_does_not_fit_is_named(settings: Any, name: str, value: Any):
    ((identifier, text, hint),) = found(settings, **{name: value})
    assert (identifier, text) == ("ops_reminders.E002", f"OPSCONSOLE_REMINDERS[{name!r}] is {value!r}.") and hint


def test_a_worker_is_given_longer_than_looking_up_and_calling_may_take():
    """Else the sweeper would take its claim for lost while it waits for receivers."""
    assert (CallBack.__contract__.timeout or 0) > 2 * Configuration().timeout
    assert HANDLERS.get("reminders.call_back").threads == Configuration().at_once
