"""What waits, and who is there."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from opsconsole.engine.models import Claim, Leadership, Pause, Runner
from opsconsole.engine.queries.capacity import backlogs, dispatchers, overdue_claims, workers
from opsconsole.engine.queries.present import database_now
from opsconsole.kernel.identifiers import uuid7
from tests.past import HOUR, MINUTE, a_command, an_event

pytestmark = pytest.mark.django_db


def a_runner(name: str, kind: str = "worker", **columns: object) -> Runner:
    return Runner.objects.create(name=name, kind=kind, host="host", pid=1, **columns)


def a_claim(worker: str, size: int = 1, **columns: object) -> Claim:
    columns = {"lease_until": database_now() + MINUTE, "queue": "mail", **columns}
    return Claim.objects.create(id=uuid7(), kind="command", worker=worker, size=size, **columns)


def test_a_backlog_is_as_old_as_its_oldest_due_command() -> None:
    now = database_now()
    a_command("pending", queue="mail", not_before=now - 5 * MINUTE, priority=3)
    a_command("pending", queue="mail", not_before=now - 2 * MINUTE)
    a_command("pending", queue="mail", not_before=now + HOUR)
    a_command("pending", queue="other", not_before=now - MINUTE)
    mail, other = backlogs()
    assert (mail.queue, mail.due.number, other.queue, other.due.number) == ("mail", 2, "other", 1)
    assert mail.age is not None and timedelta(minutes=5) <= mail.age < timedelta(minutes=6)


def test_work_that_is_not_due_has_no_age() -> None:
    a_command("pending", not_before=database_now() + HOUR)
    (backlog,) = backlogs()
    assert (backlog.age, backlog.due.number) == (None, 0)


def test_events_waiting_for_their_reactions_are_a_backlog_too() -> None:
    an_event("pending", at=database_now() - MINUTE)
    (backlog,) = backlogs()
    assert (backlog.queue, backlog.due.number) == ("events", 1)
    assert backlog.age is not None and backlog.age >= MINUTE


def test_a_paused_queue_says_so() -> None:
    Pause.objects.create(scope="queue", key="mail")
    a_command("pending", queue="mail")
    (backlog,) = backlogs()
    assert backlog.is_paused


def test_a_worker_not_seen_lately_is_not_alive() -> None:
    a_runner("alive")
    a_runner("gone", seen_at=Now() - timedelta(minutes=1))
    assert [worker.name for worker in workers()] == ["alive"]


def test_a_worker_tells_what_it_holds_the_running_one_first() -> None:
    a_runner("busy", busy_with="mail")
    claim = a_claim("busy", size=3, progress={"done": 4, "total": 9, "note": "letters"})
    for place, name in enumerate(("tests.first", "tests.second", "tests.second"), 1):
        a_command("processing", claim_id=claim.pk, place=place, type=name)
    (worker,) = workers()
    assert (worker.doing, worker.held, worker.queue) == (["tests.first", "tests.second"], 3, "mail")
    assert worker.progress == {"done": 4, "total": 9, "note": "letters"}


def test_one_dispatcher_leads_and_the_other_stands_by() -> None:
    a_runner("second", "dispatcher")
    a_runner("first", "dispatcher")
    Leadership.objects.create(role="dispatcher", owner="second", until=database_now() + MINUTE)
    assert [(one.name, one.is_active) for one in dispatchers()] == [("second", True), ("first", False)]


def test_a_lead_that_has_run_out_counts_for_nothing() -> None:
    a_runner("alone", "dispatcher")
    Leadership.objects.create(role="dispatcher", owner="alone", until=database_now() - MINUTE)
    assert [one.is_active for one in dispatchers()] == [False]


def test_claims_that_nobody_took_back_are_overdue() -> None:
    a_claim("lost", lease_until=database_now() - MINUTE)
    a_claim("alive")
    overdue = overdue_claims()
    assert overdue is not None and overdue.count == 1 and overdue.age >= MINUTE


def test_no_claim_is_overdue_as_long_as_leases_run() -> None:
    a_claim("alive")
    assert overdue_claims() is None
