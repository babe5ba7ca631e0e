import pytest

from opsconsole.engine import extending
from opsconsole.engine.hints import hints
from opsconsole.streams import duties, following
from opsconsole.streams.following import follow_to_the_end, take
from opsconsole.streams.models import Subscription
from tests.streams.readers import happen, reader, state

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


def test_workers_are_told_when_somebody_follows_what_has_just_happened(subscription, hinted):
    duties.tell(frozenset({"tests.uncounted"}))
    assert hinted == []

    duties.tell(frozenset({"tests.uncounted", "tests.counted"}))
    assert hinted == ["@streams"]


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
