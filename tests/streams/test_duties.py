from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from opsconsole.engine import Event, emit, extending, sequencing
from opsconsole.engine.hints import hints
from opsconsole.engine.sequencing import Sequenced
from opsconsole.streams import duties, following
from opsconsole.streams.followers import Follower
from opsconsole.streams.following import apply_page, follow_to_the_end, take
from opsconsole.streams.models import Subscription
from opsconsole.streams.processes import if_still
from tests.streams.orders import Order
from tests.streams.readers import Counted, Uncounted, declared, happen, reader, state

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


class TestReleases:
    """Two releases side by side: the subscription belongs to the one that migrated last."""

    @pytest.fixture
    def _of_a_later_release(self, alone, subscription):
        Subscription.objects.filter(name=subscription).update(contract="of a later release")

    @pytest.mark.usefixtures("_of_a_later_release")
    def test_code_of_another_release_leaves_it_alone(self, subscription, hinted):
        happen(1)
        duties.poll()
        assert (hinted, take(), apply_page(subscription)) == ([], None, False)
        assert state().position == 0

    @pytest.mark.usefixtures("_of_a_later_release")
    def test_a_dispatcher_of_another_release_does_not_move_it(self, subscription, hinted):
        sequenced(Uncounted())
        assert state().position == 0

    @pytest.mark.usefixtures("_of_a_later_release")
    def test_migrating_makes_it_that_of_the_code_here(self, subscription, hinted):
        happen(1)
        duties.begin()
        assert take() is None, "looking after it is not migrating"
        duties.after_migrations()
        assert take() == subscription

    def test_what_is_followed_and_in_which_version_makes_the_contract(self):
        def contract(**changes):
            return Follower(
                **{"name": "a", "kind": "k", "types": frozenset({"tests.counted"}), "apply": print} | changes
            ).contract

        other = frozenset({"tests.counted", "tests.uncounted"})
        assert contract() == contract(name="b", page=7)
        assert len({contract(), contract(types=other), contract(shape="x")}) == 3

    def test_the_state_machine_and_the_fields_of_its_state_are_part_of_that_of_a_process(self):
        moves = {source: set(targets) for source, targets in Order.lifecycle.moves.items()}
        with declared("tests.a", "tests.b", "tests.c", "tests.d"):

            class Alike(Order, name="tests.a", moves=moves):
                pass

            class WithMore(Order, name="tests.b", moves=moves):
                more: int = 1

            class Milder(Order, name="tests.c", moves={**moves, "given up": {"paid"}}):
                pass

            class Slower(Order, name="tests.d", moves=moves):
                @if_still("placed", after=timedelta(seconds=31))
                def late(self):
                    return self.to("late")

        shapes = [process._shape() for process in (Order, Alike, WithMore, Milder, Slower)]
        assert shapes[0] == shapes[1]
        assert len(set(shapes)) == 4

    def test_a_name_that_leaves_no_room_for_a_rebuild_is_refused(self):
        with pytest.raises(ValueError, match="1 to 190 characters"):
            Follower(name="x" * 191, kind="k", types=frozenset({"tests.counted"}), apply=print)


def test_a_clock_that_was_set_back_keeps_nobody_from_taking_over(subscription):
    happen(1)
    Subscription.objects.update(tries=1, seen_at=Now() + timedelta(minutes=10))
    assert take() == subscription


def test_a_turn_ends_between_two_subscriptions_too(subscription, monkeypatch, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "drain_seconds": 0}
    monkeypatch.setattr(following.heart, "start", lambda: None)
    with reader(lambda event, following: None, name="tests.other"):
        happen(1)
        following.follow()
        assert sorted([state().position, state("tests.other").position]) == [0, 1]
