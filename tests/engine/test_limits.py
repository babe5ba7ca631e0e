"""Rate and concurrency limits of types."""

from datetime import timedelta
from typing import Any

import pytest

from opsconsole.engine import claiming, send
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.messages import Limit
from opsconsole.engine.models import Budget
from opsconsole.kernel import clock
from tests.factories import claim, run
from tests.handlers_app.messages import Act


def sizes(count: int) -> list[int]:
    """How many commands each of so many claims in a row takes."""
    taken = []
    for _ in range(count):
        claiming.forget()
        chunk = claiming.claim_commands("default")
        taken.append(len(chunk.commands) if chunk else 0)
    return taken


@pytest.mark.parametrize("limited", [Limit(concurrency=3)], indirect=True)
def test_no_more_than_so_many_are_held_at_once(limited: Any):
    for number in range(8):
        send(limited(number=number))
    assert sizes(2) == [3, 0]


@pytest.mark.parametrize("limited", [Limit(concurrency=3)], indirect=True)
def test_what_has_ended_makes_room(limited: Any):
    for number in range(8):
        send(limited(number=number))
    assert [run(), run(), run()] == [3, 3, 2]


@pytest.mark.parametrize("limited", [Limit(per_second=5, burst=5)], indirect=True)
def test_no_more_than_the_burst_are_started_before_the_budget_refills(limited: Any):
    for number in range(20):
        send(limited(number=number))
    assert sum(sizes(3)) in (5, 6)
    Budget.objects.update(tokens=0, refilled_at="2020-01-01T00:00Z")
    assert sizes(1) == [5], "a long rest fills the budget up to its burst, not beyond"


@pytest.mark.parametrize("limited", [Limit(concurrency=1)], indirect=True)
def test_other_types_are_not_held_up_by_a_limited_one(limited: Any):
    for number in range(3):
        send(limited(number=number))
    send(Act(number=9))
    assert len(claim().commands) == 2
    send(Act(number=10))
    assert [one.type for one in claim().commands] == ["tests.act"]


@pytest.mark.parametrize("limited", [Limit(per_second=1000)], indirect=True)
def test_a_claim_that_could_not_be_paid_for_is_no_claim(limited: Any, monkeypatch: pytest.MonkeyPatch):
    from opsconsole.engine.limits import Allowances

    def fail(self: Allowances, types: Any) -> None:
        raise OSError("no")

    send(limited())
    monkeypatch.setattr(Allowances, "spend", fail)
    with pytest.raises(OSError):
        claim()
    assert not heart._held, "the heart must not renew a claim that was rolled back"
    monkeypatch.undo()
    assert run() == 1


@pytest.mark.parametrize("limited", [Limit(per_second=5, burst=5)], indirect=True)
def test_a_clock_that_was_set_back_stops_no_limited_type(limited: Any):
    for number in range(20):
        send(limited(number=number))
    assert sizes(1) == [5]
    Budget.objects.update(tokens=0, refilled_at=clock.now() + timedelta(hours=1))
    assert sizes(1) == [5]


@pytest.mark.parametrize(
    "limit", [{"concurrency": 0}, {"per_second": 0}, {"per_second": -1.0}, {"per_second": 0.1, "burst": 0.5}]
)
def test_a_limit_that_nothing_could_pass_is_refused(limit: dict[str, float]):
    with pytest.raises(ValueError, match="pause it"):
        Limit(**limit)


def test_the_burst_is_a_seconds_worth_at_least():
    assert Limit(per_second=50).burst == 50
    assert Limit(per_second=50, burst=100).burst == 100
