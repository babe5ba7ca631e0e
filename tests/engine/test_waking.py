"""Wake-ups: a NOTIFY of its own after the commit, coalesced, and never inside anybody's transaction."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from opsconsole.engine import emit, send, send_batch, waking
from opsconsole.engine.operations import reprocess_commands, retry_commands
from tests.factories import failed, let_fail, react, run
from tests.handlers_app.messages import Act, ActAgain, ActElsewhere, Happened
from tests.handlers_app.scripts import forget, let_react

PATIENCE = 5.0  # seconds


class Ear:
    """A session that listens as the dispatcher does."""

    def __init__(self) -> None:
        parameters = connection.get_connection_params()
        for foreign in ("cursor_factory", "context", "prepare_threshold"):
            parameters.pop(foreign, None)
        self.session = psycopg.connect(**parameters, autocommit=True)
        self.session.execute(f"LISTEN {waking.CHANNEL}")

    def hear(self, *wanted: str, patience: float = PATIENCE) -> set[str]:
        """What was heard until all that is wanted was, or patience ran out."""
        heard: set[str] = set()
        for notice in self.session.notifies(timeout=patience):
            heard.add(notice.payload)
            if heard >= set(wanted):
                break
        return heard

    def hear_nothing(self) -> bool:
        """Everything sent so far has arrived once a notification of our own has."""
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {waking.CHANNEL}, 'the end'")
        return self.hear("the end") == {"the end"}

    def hear_what_was_left(self) -> None:
        """What earlier tests have set off is told before anything that is wanted now."""
        while True:  # the first may be lost, with a connection that an earlier test has ended
            waking._notifier.wake("the beginning")
            if "the beginning" in self.hear("the beginning", patience=0.5):
                break
        self.hear_nothing()


@pytest.fixture
def ear(settings) -> Iterator[Ear]:
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "wake_up": "after_commit"}
    ear = Ear()
    with ear.session:
        ear.hear_what_was_left()
        yield ear


def test_sending_wakes_the_queue(ear: Ear):
    send(Act())
    assert ear.hear("default") == {"default"}


def test_emitting_wakes_those_who_react(ear: Ear):
    with transaction.atomic():
        emit(Happened())
    assert ear.hear(waking.EVENTS) == {waking.EVENTS}


def test_a_batch_wakes_the_queues_of_its_members(ear: Ear):
    send_batch([Act(), ActElsewhere()], on_success=Act(), name="two")
    assert ear.hear("default", "elsewhere") == {"default", "elsewhere"}


def test_work_for_later_sets_the_timer(ear: Ear):
    send(Act(), delay=timedelta(hours=1))
    assert ear.hear(waking.TIMER) == {waking.TIMER}


def test_a_retry_sets_the_timer(ear: Ear):
    let_fail(ActAgain)
    send(ActAgain())
    assert ear.hear("default")
    run()
    assert ear.hear(waking.TIMER) == {waking.TIMER}


def test_operators_wake_what_they_let_go(ear: Ear):
    root = failed(Act())
    assert ear.hear("default")
    reprocess_commands([root], actor="ana")
    assert ear.hear("default") == {"default"}
    run()
    let_fail(ActAgain)
    identifier = send(ActAgain()).id
    run()
    assert ear.hear("default", waking.TIMER)
    forget()
    retry_commands([identifier], actor="ana")
    assert ear.hear("default") == {"default"}


def test_a_released_next_command_wakes_its_queue(ear: Ear):
    send_batch([Act()], on_success=ActElsewhere())
    assert ear.hear("default") == {"default"}
    run()
    assert ear.hear("elsewhere") == {"elsewhere"}


def test_what_a_reaction_sent_is_woken(ear: Ear):
    let_react(Happened, lambda message, work: work.send(ActElsewhere()))
    with transaction.atomic():
        emit(Happened())
    react()
    assert "elsewhere" in ear.hear("elsewhere")


def test_nothing_is_said_before_the_commit_and_nothing_of_a_rollback(ear: Ear):
    with transaction.atomic():
        send(Act())
        emit(Happened())
        transaction.set_rollback(True)
    assert ear.hear_nothing()


def test_nobody_is_woken_when_wake_ups_are_off(ear: Ear, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "wake_up": "off"}
    send(Act())
    assert ear.hear_nothing()


def test_many_commits_are_told_in_few_notifications(ear: Ear):
    for _ in range(50):
        send(Act())
    assert ear.hear("default")
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {waking.CHANNEL}, 'the end'")
    count = 0
    for notice in ear.session.notifies(timeout=PATIENCE):
        if notice.payload == "the end":
            break
        count += 1
    assert count < 40


def test_no_statement_of_a_writing_transaction_notifies(ear: Ear):
    """It would hold a lock of the whole cluster across the flush of the log."""
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        send(Act(), unique="one")
        emit(Happened(), stream="s")
        send_batch([Act()], on_success=Act())
    run()
    assert len(captured) > 5
    assert not [query for query in captured.captured_queries if "notify" in query["sql"].lower()]


def test_no_trigger_notifies_either():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%%wake%%'")
        assert cursor.fetchone() == (0,)


def test_rows_that_other_programs_write_wake_by_trigger(ear: Ear, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "wake_up": "trigger"}
    call_command("ops_triggers", "install", verbosity=0)
    try:
        send(Act())
        with transaction.atomic():
            emit(Happened())
        assert ear.hear("default", waking.EVENTS) == {"default", waking.EVENTS}
    finally:
        call_command("ops_triggers", "remove", verbosity=0)


def test_what_is_let_go_wakes_although_triggers_see_new_rows_only(ear: Ear, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "wake_up": "off"}
    root = send(Act(), delay=timedelta(hours=1)).id
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "wake_up": "trigger"}
    retry_commands([root], actor="ana")
    assert ear.hear("default") == {"default"}


def test_a_notifier_that_lost_its_connection_finds_another(ear: Ear):
    send(Act())
    assert ear.hear("default")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE '%%pg_notify%%' AND pid <> pg_backend_pid()"
        )
        assert cursor.rowcount == 1
    send(Act())  # this one may be lost: the poll is there for it
    ear.session.execute("SELECT 1")
    for _ in range(10):
        send(Act())
        if next(ear.session.notifies(timeout=0.5), None):
            return
    pytest.fail("nobody was woken any more")
