from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from opsconsole.engine import Delays
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.kernel import clock
from opsconsole.streams import operations
from opsconsole.streams.following import SILENCE, apply_page, follow_to_the_end, take
from opsconsole.streams.isolating import TROUBLE_TRIES
from opsconsole.streams.models import SkippedEvent, Subscription
from tests.handlers_app.models import Entry, Page
from tests.streams.readers import happen, reader, state

pytestmark = pytest.mark.usefixtures("alone")


def lost(times: int) -> str:
    """The subscription, taken once more after so many workers took it and died."""
    for _ in range(times):
        assert take() == "tests.reader"
        assert take() is None, "it is in somebody's hands"
        Subscription.objects.update(seen_at=Now() - timedelta(seconds=SILENCE))
    return str(take())


class Ledger:
    """Writes an entry for every event, and fails at some."""

    def __init__(self) -> None:
        self.bad: set[int] = set()

    def __call__(self, event, following):
        Entry.objects.create(command_id=following.recorded.id, note=str(event.number))
        if event.number in self.bad:
            raise ValueError(f"{event.number} is bad")

    @property
    def numbers(self) -> list[int]:
        return [int(note) for note in Entry.objects.order_by("id").values_list("note", flat=True)]


@pytest.fixture
def ledger():
    ledger = Ledger()
    with reader(ledger):
        yield ledger


def test_a_failing_event_stops_that_subscription_loudly_and_keeps_what_came_before(ledger, caplog):
    ledger.bad = {3}
    others = []
    with reader(lambda event, following: others.append(event.number), name="tests.other"):
        happen(1, 2, 3, 4)
        follow_to_the_end()

    stopped = state()
    assert ledger.numbers == [1, 2]
    assert (stopped.status, stopped.position, stopped.applied) == ("stopped", 2, 2)
    assert (stopped.failed_position, stopped.error_class, stopped.error) == (3, "ValueError", "3 is bad")
    assert stopped.failed_event_id == StoredEvent.objects.get(position=3).id
    assert "is bad" in stopped.traceback
    assert others == [1, 2, 3, 4]
    assert "tests.reader stopped at position 3" in caplog.text


def test_a_stopped_one_goes_on_where_it_was_once_an_operator_has_it_retried(ledger):
    ledger.bad = {2}
    happen(1, 2, 3)
    follow_to_the_end()
    ledger.bad = set()

    operations.retry("tests.reader", actor="ada")
    follow_to_the_end()

    assert ledger.numbers == [1, 2, 3]
    assert (state().status, state().error, state().failed_position) == ("running", "", None)


def test_an_operator_may_skip_one_event_with_a_reason(ledger):
    ledger.bad = {2}
    happen(1, 2, 3)
    follow_to_the_end()

    operations.skip("tests.reader", 2, actor="ada", reason="a test")
    follow_to_the_end()

    assert ledger.numbers == [1, 3]
    skipped = SkippedEvent.objects.get()
    assert (skipped.position, skipped.skipped_by, skipped.reason, skipped.error) == (2, "ada", "a test", "2 is bad")


@pytest.mark.parametrize(
    ("position", "reason", "refusal"), [(2, "  ", "needs a reason"), (1, "seen too late", "is stopped at position 2")]
)
def test_a_skip_without_a_reason_or_of_another_event_is_refused(ledger, position, reason, refusal):
    ledger.bad = {2}
    happen(1, 2)
    follow_to_the_end()

    with pytest.raises(operations.Refused, match=refusal):
        operations.skip("tests.reader", position, actor="ada", reason=reason)
    assert state().position == 1


def test_a_gap_in_the_log_stops_it_behind_what_lies_before(ledger):
    happen(1, 2, 3)
    StoredEvent.objects.filter(position=2).delete()

    follow_to_the_end()

    stopped = state()
    assert ledger.numbers == [1]
    assert (stopped.status, stopped.position, stopped.failed_position) == ("stopped", 1, 2)
    assert (stopped.error_class, stopped.failed_event_id) == ("Gap", None)
    assert "no event at position 2" in stopped.error


def test_a_gap_may_be_skipped_like_an_event(ledger):
    happen(1, 2, 3)
    StoredEvent.objects.filter(position=2).delete()
    follow_to_the_end()

    operations.skip("tests.reader", 2, actor="ada", reason="dropped with its partition")
    follow_to_the_end()

    assert ledger.numbers == [1, 3]


def test_a_failing_event_is_tried_again_as_its_policy_says():
    ledger = Ledger()
    with clock.freeze(clock.now()), reader(ledger, retry=Delays(after=(10, 60))):
        ledger.bad = {1}
        happen(1)
        follow_to_the_end()
        first = state()
        assert (first.status, first.failures, (first.not_before - clock.now()).total_seconds()) == ("running", 1, 10)
        assert follow_to_the_end() == 0
        clock.advance(first.not_before - clock.now())
        follow_to_the_end()
        assert state().failures == 2
        clock.advance(state().not_before - clock.now())
        follow_to_the_end()

        assert (state().status, state().failures) == ("stopped", 3)


def test_trouble_of_the_machine_is_tried_again_whatever_the_policy_says():
    def run_out_of_time(event, following):
        if len(seen) < 4:
            seen.append(event.number)
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 10; SELECT pg_sleep(5)")
        seen.append(event.number)

    seen: list[int] = []
    with reader(run_out_of_time), clock.freeze(clock.now()):
        happen(1)
        for _ in range(5):
            follow_to_the_end()
            clock.advance(timedelta(seconds=2))
        assert (state().status, state().position, state().failures) == ("running", 1, 0)
    assert len(seen) == 5


def test_trouble_that_does_not_end_stops_it_at_last():
    def run_out_of_memory(event, following):
        raise MemoryError

    with reader(run_out_of_memory), clock.freeze(clock.now()):
        happen(1)
        for tries in range(1, TROUBLE_TRIES + 1):
            assert state().status == "running"
            follow_to_the_end()
            assert state().failures == tries
            clock.advance(timedelta(seconds=2))
        assert state().status == "stopped"


def test_a_failure_that_passes_leaves_no_trace_in_its_state():
    ledger = Ledger()
    with clock.freeze(clock.now()), reader(ledger, retry=Delays(after=(10,))):
        ledger.bad = {1}
        happen(1)
        follow_to_the_end()
        ledger.bad = set()
        operations.retry("tests.reader", actor="ada")  # an operator need not wait for its time
        follow_to_the_end()

        after = state()
        assert (after.failures, after.not_before, after.error, after.position) == (0, None, "", 1)


def test_an_event_that_leaves_a_violated_deferred_constraint_is_known_by_name():
    def violate(event, following):
        if event.number == 2:
            Page.objects.create(entry_id=-1, number=event.number)

    with reader(violate):
        happen(1, 2, 3)
        follow_to_the_end()

        assert (state().status, state().failed_position) == ("stopped", 2)


def test_after_lost_workers_events_come_one_at_a_time_until_the_culprit_is_passed(ledger):
    happen(1, 2, 3)
    name = lost(2)

    assert [apply_page(name) for _ in range(3)] == [True, True, False]
    assert (state().position, state().tries) == (3, 0)


def test_an_event_that_costs_one_worker_after_another_stops_the_subscription(ledger):
    happen(1)
    name = lost(3)

    assert apply_page(name) is False
    stopped = state()
    assert (stopped.status, stopped.error_class, stopped.failed_position) == ("stopped", "WorkersLost", 1)
    assert "3 workers" in stopped.error


def test_a_row_that_says_stopped_without_saying_where_is_refused_by_the_database(ledger):
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscription.objects.update(status="stopped")


def test_pausing_and_resuming_are_guarded(ledger):
    operations.pause("tests.reader", actor="ada", reason="a look around")
    paused = state()
    assert (paused.status, paused.paused_by, paused.reason) == ("paused", "ada", "a look around")
    with pytest.raises(operations.Refused, match="it is paused"):
        operations.pause("tests.reader", actor="bob", reason="me too")
    operations.resume("tests.reader", actor="ada")
    assert (state().status, state().paused_by, state().reason) == ("running", "", "")
    with pytest.raises(operations.Refused, match="is not paused: it is running"):
        operations.resume("tests.reader", actor="ada")
    with pytest.raises(operations.Refused, match="no subscription 'tests.nobody'"):
        operations.pause("tests.nobody", actor="ada", reason="?")
