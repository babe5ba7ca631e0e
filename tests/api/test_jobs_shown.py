"""What is told of jobs: as they were asked for, whatever became of them, and in one order."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from opsconsole.api.jobs import SendEmail
from opsconsole.api.jobs.states import JobFilter
from opsconsole.engine import send
from opsconsole.engine.models import Command
from opsconsole.kernel import clock
from opsconsole.kernel.tracing import Cause, acting_for
from tests.api.callers import Program, a_program
from tests.api.test_jobs import SEND, VIEW, job_of, sent
from tests.past import a_command

pytestmark = pytest.mark.django_db


@pytest.fixture
def program() -> Program:
    return a_program(SEND, VIEW)


def test_what_was_asked_for_is_told_whatever_became_of_it(program: Program):
    at = clock.now() + timedelta(hours=1)
    asked, plain = (job_of(program, sent(program, **when)) for when in ({"scheduledFor": at.isoformat()}, {}))
    later = (at + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    Command.objects.update(not_before=later, attempts=1, error_class="OSError")
    for before, expected in ((asked, at.isoformat().replace("+00:00", "Z")), (plain, plain["createdAt"])):
        assert (before["scheduledFor"], before["nextTryAt"]) == (expected, None)
        after = program.get(f"/jobs/{before['id']}").json()
        assert (after["state"], after["scheduledFor"], after["nextTryAt"]) == ("Failed", expected, later)
    told = [item["scheduledFor"] for item in program.get("/jobs").json()["items"]]
    assert told == [plain["scheduledFor"], asked["scheduledFor"]]


def test_one_that_was_sent_otherwise_is_scheduled_for_when_it_is_due(program: Program):
    at = clock.now() + timedelta(hours=1)
    job = a_command("pending", type="jobs.send_email", not_before=at)
    shown = program.get(f"/jobs/{job.pk}").json()
    assert (shown["state"], shown["scheduledFor"]) == ("Scheduled", at.isoformat().replace("+00:00", "Z"))


def test_what_the_handler_of_a_job_sends_has_no_key_of_its_own(program: Program):
    at = (clock.now() + timedelta(hours=1)).isoformat()
    asked = sent(program, idempotencyKey="a", scheduledFor=at).json()["id"]
    with acting_for(Cause("command", UUID(asked), None, "", Command.objects.get().metadata)):
        made = send(SendEmail(To="b@example.com")).id
    jobs = [program.get(f"/jobs/{one}").json() for one in (asked, made)]
    assert [job["idempotencyKey"] for job in jobs] == ["a", None]
    assert jobs[1]["scheduledFor"] == jobs[1]["createdAt"]


def test_a_list_is_read_at_once(program: Program):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            program.get("/jobs")
        return len(asked)

    sent(program)
    of_one = queries()
    sent(program), sent(program)
    assert queries() == of_one


def test_pending_ones_are_listed_in_one_order_however_they_wait(program: Program, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(JobFilter.searches, "__defaults__", (3,))
    statuses = ("pending", "awaiting", "awaiting", "pending", "pending", "awaiting", "pending")
    ids = [str(a_command(status, type="jobs.send_email").pk) for status in statuses]
    a_command("pending"), a_command("awaiting"), a_command("awaiting"), a_command("awaiting")
    for query in ("", "&type=SendEmail"):
        seen, url = [], f"/jobs?state=Pending&limit=2{query}"
        while url:
            page = program.get(url).json()
            seen += [job["id"] for job in page["items"]]
            url = page["next"]
        assert seen == ids[::-1]
