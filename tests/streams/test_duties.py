from datetime import UTC, datetime
from threading import Thread

import pytest
from django.db import connection, transaction

from opsconsole.engine import Event, emit, extending, sequencing
from opsconsole.engine.hints import hints
from opsconsole.engine.sequencing import Sequenced
from opsconsole.streams import duties, following
from opsconsole.streams.following import follow_to_the_end, take
from opsconsole.streams.models import Subscription
from tests.streams.readers import Counted, Uncounted, happen, reader, state

FAR = datetime(2999, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def hinted(monkeypatch):
    """The channels that workers were told of."""
    told = []
    monkeypatch.setattr(hints, "send", told.append)
    return told


@pytest.fixture
def subscription():
    with reader(lambda event, following: None) as name:
        yield name


def sequenced(*events: Event) -> None:
    """The events happen, and the dispatcher gives them their positions."""
    with transaction.atomic():
        for event in events:
            emit(event)
    sequencing.sequence(told=extending.tell)


def test_workers_are_told_when_somebody_follows_what_has_just_happened(subscription, hinted):
    sequenced(Uncounted())
    assert hinted == []

    sequenced(Uncounted(), Counted(number=1))
    assert hinted == ["@streams"]


def test_events_that_do_not_concern_a_subscription_are_passed_over_without_a_turn(subscription, hinted):
    sequenced(Uncounted(), Uncounted())

    assert (state().position, state().applied, take()) == (2, 0, None)


def test_events_that_concern_a_subscription_are_not_passed_over(subscription, hinted):
    sequenced(Uncounted(), Counted(number=1))

    assert (state().position, take()) == (0, "tests.reader")


def test_one_that_was_behind_already_does_not_pass_over_what_it_has_still_to_apply(hinted):
    numbers = []
    with reader(lambda event, following: numbers.append(event.number)):
        happen(1)
        sequenced(Uncounted())
        assert state().position == 0
        follow_to_the_end()

    assert numbers == [1] and state().position == 2


@pytest.mark.parametrize("kept", [{"status": "paused"}, {"tries": 1}, {"not_before": FAR}, {"shadow_of": "tests.x"}])
def test_one_that_rests_waits_or_is_being_served_is_not_moved(subscription, hinted, kept):
    Subscription.objects.filter(name=subscription).update(**kept)

    sequenced(Uncounted())

    assert state().position == 0


def test_one_whose_row_is_locked_keeps_nobody_waiting(subscription, hinted):
    def tell():
        duties.tell(Sequenced(frozenset({"tests.uncounted"}), 0, 1))
        connection.close()

    with transaction.atomic():
        Subscription.objects.select_for_update().get(name=subscription)
        teller = Thread(target=tell)
        teller.start()
        teller.join(30)
        assert not teller.is_alive()

    assert state().position == 0


def test_the_poll_finds_what_is_behind_and_only_that(subscription, hinted):
    duties.poll()
    assert hinted == []

    happen(1)
    duties.poll()
    assert hinted == ["@streams"]

    follow_to_the_end()
    duties.poll()
    assert hinted == ["@streams"]


def test_the_poll_leaves_paused_ones_and_those_without_code_alone(subscription, hinted):
    happen(1)
    Subscription.objects.update(status="paused")
    Subscription.objects.create(name="tests.gone", kind="subscription", position=0)

    duties.poll()

    assert hinted == []


def test_one_that_has_more_than_a_turn_of_work_lets_others_have_theirs(subscription, hinted, monkeypatch, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "drain_seconds": 0}
    monkeypatch.setattr(following.heart, "start", lambda: None)
    happen(*range(1_500))

    following.follow()

    assert (state().position, state().tries) == (1_000, 0)
    assert hinted == ["@streams"]
    assert take() == "tests.reader"


def test_the_dispatcher_workers_and_the_test_kit_know_of_streams():
    assert extending.CHANNELS.get("@streams") == "opsconsole.follow"
    assert {"follow", "subscriptions"} <= {name for name, _ in extending.DUTIES}
    assert duties.tell in extending.LISTENERS
    assert follow_to_the_end in extending.STEPS


@pytest.mark.parametrize("channel", ["streams", "default"])
def test_a_channel_cannot_have_the_name_of_a_queue(channel):
    with pytest.raises(ValueError, match="begins with @"):
        extending.carry(channel, "a.task")
