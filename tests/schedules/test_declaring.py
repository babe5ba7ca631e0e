"""Declarations that make no sense are told, and do no harm."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from opsconsole.engine.messages import COMMANDS
from opsconsole.engine.registry import HANDLERS
from opsconsole.schedules import Cron, Cycle, Daily, scheduled
from opsconsole.schedules.checks import check_declarations
from opsconsole.schedules.declaring import DECLARED
from tests.schedules.conftest import NAME


@pytest.fixture(autouse=True)
def _tables() -> None:
    """No database is needed."""


def act(slot: Any, work: Any) -> None:
    """Do nothing."""


def problem(name: str, rule: Any, **options: Any) -> tuple[str, str]:
    assert scheduled(name, rule, **options)(act) is act
    (found,) = check_declarations(None)
    return str(found.id), found.msg


def test_a_declaration_that_makes_sense_is_no_problem():
    scheduled(NAME, Cron("0 6 * * MON-FRI", "Europe/Lisbon"), missed="skip")(act)
    assert check_declarations(None) == []
    assert DECLARED.get(NAME).missed == "skip"


def test_it_makes_a_command_type_with_its_name_its_handler_and_its_documentation():
    scheduled(NAME, Cycle("UTC"), queue="nights")(act)
    message = COMMANDS.get(NAME)
    assert (message.__contract__.queue, message.__doc__, message.__name__) == ("nights", "Do nothing.", "act")
    assert repr(HANDLERS.get(NAME)) == f"{__name__}.act"
    assert DECLARED.get(NAME).place_in_code == f"{__name__}.act"


@pytest.mark.parametrize(
    ("rule", "options", "identifier", "text"),
    [
        (Cron("0 25 * * *", "UTC"), {}, "ops_schedules.E004", "'0 25 * * *' is no cron expression"),
        (Daily("24:00", "UTC"), {}, "ops_schedules.E004", "'24:00' is no time of day"),
        (Cycle("Europe/Atlantis"), {}, "ops_schedules.E003", "no time zone is called 'Europe/Atlantis'"),
        (Daily("06:00", "UTC"), {"missed": "never"}, "ops_schedules.E005", "cannot have missed='never'"),
        (Cycle("UTC"), {"missed": "skip"}, "ops_schedules.E005", "cannot have missed='skip'"),
    ],
)
def test_what_makes_no_sense_is_told_and_left_out(rule: Any, options: Any, identifier: str, text: str):
    found, message = problem(NAME, rule, **options)
    assert found == identifier
    assert text in message
    assert __name__ in message
    assert NAME not in DECLARED
    assert NAME not in COMMANDS


@pytest.mark.parametrize("name", ["", "with space", "a/b", "x" * 201])
def test_a_name_that_cannot_be_stored_is_told(name: str):
    assert problem(name, Cycle("UTC"))[0] == "ops_schedules.E001"


def test_a_name_that_is_taken_is_told_with_who_has_it():
    scheduled(NAME, Cycle("UTC"))(act)
    identifier, text = problem(NAME, Daily("06:00", "UTC"))
    assert (identifier, text.count(__name__)) == ("ops_schedules.E002", 2)
    assert isinstance(DECLARED.get(NAME).rule, Cycle), "the first one stays"


def test_the_name_of_a_command_type_is_taken_too():
    assert problem("tests.act", Cycle("UTC"))[0] == "ops_schedules.E002"


def test_manage_py_check_refuses_to_go_on(declare: Callable[..., Any]):
    scheduled(NAME, Cron("every day", "UTC"))(act)
    with pytest.raises(SystemCheckError, match=r"ops_schedules\.E004"):
        call_command("check")
