"""What can be known to be wrong before the first command runs."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from opsconsole.engine import Command, Event, checks, handles, reacts_to
from opsconsole.engine.messages import COMMANDS, EVENTS
from opsconsole.engine.registry import HANDLERS, REACTIONS
from opsconsole.kernel.registry import DuplicateName


def identifiers(problems: list[Any]) -> list[str]:
    return [problem.id for problem in problems]


@pytest.fixture
def _tidy() -> Iterator[None]:
    yield
    COMMANDS.remove("tests.spare")
    EVENTS.remove("tests.spare")
    HANDLERS.remove("tests.spare")
    REACTIONS.pop("tests.spare", None)


def test_this_project_has_no_problem():
    assert checks.check_settings(None) == []
    assert checks.check_handlers(None) == []
    assert checks.check_database(None, ["default"]) == []


def test_a_misspelt_setting_is_reported_with_what_was_probably_meant(settings):
    settings.OPSCONSOLE = {"chunk_sise": 10}
    (problem,) = checks.check_settings(None)
    assert problem.id == "ops_engine.E001"
    assert "chunk_sise" in problem.msg
    assert "Did you mean 'chunk_size'?" in problem.hint


@pytest.mark.parametrize(
    ("name", "value", "identifier"),
    [
        ("wake_up", "always", "ops_engine.E002"),
        ("partition_period", "year", "ops_engine.E002"),
        ("lease", 0.1, "ops_engine.E003"),
        ("lease", "20", "ops_engine.E004"),
        ("chunk_size", 0, "ops_engine.E004"),
        ("chunk_size", "many", "ops_engine.E004"),
        ("poll", -1, "ops_engine.E004"),
        ("max_losses", None, "ops_engine.E004"),
        ("payload_limit", 1.5, "ops_engine.E004"),
    ],
)
def test_a_value_that_makes_no_sense_is_reported(settings, name: str, value: Any, identifier: str):
    settings.OPSCONSOLE = {name: value}
    problems = checks.check_settings(None)
    assert identifiers(problems) == [identifier]
    assert name in problems[0].msg


@pytest.mark.usefixtures("_tidy")
def test_a_command_without_a_handler_is_reported():
    class Spare(Command, name="tests.spare"):
        pass

    (problem,) = checks.check_handlers(None)
    assert problem.id == "ops_engine.E010"
    assert "tests.spare" in problem.msg
    handles(Spare)(lambda message, work: None)
    assert checks.check_handlers(None) == []


@pytest.mark.usefixtures("_tidy")
def test_a_reaction_to_an_event_that_is_gone_is_reported():
    class Spare(Event, name="tests.spare"):
        pass

    reacts_to(Spare)(lambda message, work: None)
    assert checks.check_handlers(None) == []
    EVENTS.remove("tests.spare")
    assert identifiers(checks.check_handlers(None)) == ["ops_engine.E011"]


@pytest.mark.usefixtures("_tidy")
def test_names_and_handlers_are_refused_a_second_time_as_they_are_declared():
    class Spare(Command, name="tests.spare"):
        pass

    handles(Spare)(lambda message, work: None)
    with pytest.raises(DuplicateName, match=r"tests\.spare"):

        class Double(Command, name="tests.spare"):
            pass

    with pytest.raises(DuplicateName, match=r"tests\.spare"):
        handles(Spare)(lambda message, work: 1)


@pytest.mark.usefixtures("_tidy")
def test_reacting_twice_with_one_function_is_refused():
    class Spare(Event, name="tests.spare"):
        pass

    def reaction(message, work):
        pass

    reacts_to(Spare)(reaction)
    with pytest.raises(DuplicateName, match="already reacts"):
        reacts_to(Spare)(reaction)


@pytest.mark.usefixtures("_tidy")
@pytest.mark.parametrize("queue", ["@events", "@timer", "events", "q" * 61, ""])
def test_a_queue_that_cannot_be_served_is_refused(queue: str):
    with pytest.raises(ValueError, match="queue"):

        class Spare(Command, name="tests.spare", queue=queue):
            pass


def test_threads_need_a_handler_outside_a_transaction():
    with pytest.raises(ValueError, match="atomic=False"):
        handles(COMMANDS.get("tests.act"), threads=2)


def test_missing_partitions_are_reported(monkeypatch):
    monkeypatch.setattr(checks, "last_bound", lambda table: None)
    assert identifiers(checks.check_database(None, ["default"])) == ["ops_engine.E020"] * 3


def test_triggers_are_wanted_or_not(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "wake_up": "trigger"}
    assert identifiers(checks.check_database(None, ["default"])) == ["ops_engine.E021"]
    call_command("ops_triggers", "install", verbosity=0)
    try:
        assert checks.check_database(None, ["default"]) == []
        settings.OPSCONSOLE = {**settings.OPSCONSOLE, "wake_up": "off"}
        assert identifiers(checks.check_database(None, ["default"])) == ["ops_engine.W021"]
    finally:
        call_command("ops_triggers", "remove", verbosity=0)
    assert checks.check_database(None, ["default"]) == []


def test_another_database_is_none_of_our_business():
    assert checks.check_database(None, ["other"]) == []
    assert checks.check_database(None) == []


def test_a_database_without_tables_is_not_complained_about(monkeypatch):
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = pg_catalog")
        try:
            assert checks.check_database(None, ["default"]) == []
        finally:
            cursor.execute("RESET search_path")


@pytest.mark.usefixtures("database")
def test_dispatcher_and_workers_tell_of_a_missing_partition_as_they_start(monkeypatch):
    monkeypatch.setattr(checks, "last_bound", lambda table: None)
    told: list[str] = []
    checks.tell_problems(told.append)
    assert len(told) == 3 and all("ops_engine.E020" in problem for problem in told)


def test_a_database_that_is_away_at_the_start_is_told_and_waited_for(monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("no server")

    monkeypatch.setattr(checks, "check_database", away)
    told: list[str] = []
    checks.tell_problems(told.append)
    assert told == ["The database could not be checked: no server"]
