"""What an aggregate was at a version of its stream."""

from dataclasses import dataclass
from typing import Any

from opsconsole.streams import repository, snapshots
from opsconsole.streams.aggregates import AGGREGATES, Aggregate
from opsconsole.streams.store import category_of

BOUND = 5_000  # events folded for a page


@dataclass(frozen=True, slots=True)
class StateAt:
    """The state as JSON values; or `obstacle`, why it cannot be told."""

    version: int
    state: dict[str, Any] | None = None
    obstacle: str = ""


def aggregates_of(stream: str) -> list[type[Aggregate]]:
    """The aggregates whose state this stream alone is folded into."""
    category = category_of(stream)
    declared = [aggregate for _, aggregate in AGGREGATES]
    return [one for one in declared if one.__aggregate__.category == category and one.__aggregate__.has_own_stream]


def state_at(aggregate: type[Aggregate], stream: str, version: int) -> StateAt:
    """The state after the event `version`; folding more than BOUND events is refused with an obstacle."""
    found = snapshots.find(aggregate, stream, version)
    first = found.version if found else 0
    if version - first > BOUND:
        return StateAt(version, None, _too_far(aggregate, version - first))
    key = stream.partition("-")[2]
    try:
        state = repository.load(aggregate, key, version=version).state
        return StateAt(version, state.model_dump(mode="json"))
    except Exception as error:  # an upcast and what an event does are the host's code: the page must open
        return StateAt(version, None, f"It cannot be told: {type(error).__name__}: {error}")


def _too_far(aggregate: type[Aggregate], count: int) -> str:
    every = aggregate.__aggregate__.snapshot_every
    how = "declare snapshot_every, or take a snapshot" if every is None else "take a snapshot"
    return f"It would have to be folded from {count:,} events, more than a page may take ({BOUND:,}): {how}."
