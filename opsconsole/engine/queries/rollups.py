"""Numbers for an overview: how many in which state, when, of what type, how often failed, how long they took."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from math import exp, log

from django.db.models import Model, Q

from opsconsole.engine.models import Batch, Command, Event
from opsconsole.engine.queries.history import EVER, MINUTE, History, floor
from opsconsole.engine.queries.windows import ROWS, Bounded, Walk
from opsconsole.engine.rollups import BOUNDS
from opsconsole.engine.states import AWAITING, CANCELLED, ERROR, PENDING, PROCESSING, SUCCESS

WINDOWS = tuple(timedelta(hours=hours) for hours in (1, 3, 24, 7 * 24))
HOUR = timedelta(hours=1)
MINUTES_KEPT = timedelta(days=2)  # older minutes have been merged into hours

_STATES: dict[str, tuple[type[Model], tuple[str, ...], tuple[str, ...]]] = {
    # what is counted live (there is an index), and what comes from the rollups
    "event": (Event, (PENDING, PROCESSING, ERROR), (SUCCESS,)),
    "command": (Command, (PENDING, AWAITING, PROCESSING), (ERROR, CANCELLED, SUCCESS)),
    "batch": (Batch, (PENDING, AWAITING, PROCESSING, ERROR, CANCELLED, SUCCESS), ()),
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """Counts by status or type; `is_open`: it has not ended yet."""

    start: datetime
    end: datetime
    counts: dict[str, int]
    is_open: bool


@dataclass(frozen=True, slots=True)
class Failures:
    """Failures of one type, a count for each of WINDOWS."""

    kind: str
    type: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OfType:
    type: str
    count: int
    failed: int


@dataclass(frozen=True, slots=True)
class RunTimes:
    """Seconds that half, and 95 of 100, of a type's runs stayed below, from histograms: about right, not exact.

    None: longer than the longest bound.
    """

    type: str
    count: int
    mean: float
    p50: float | None
    p95: float | None


def status_counts(kind: str, tenant: str | None = None, history: History | None = None) -> dict[str, Bounded]:
    """How many events, commands or batches are in each status.

    Ended ones come from the rollups and what ended since; the others are counted live, up to a bound.
    """
    model, live, rolled = _STATES[kind]
    counts = {status: _count(model, status, tenant) for status in live}
    if rolled:
        history = history or History.read(kind, tenant)
        totals = history.totals()
        counts |= {status: Bounded(totals.get(status, 0), history.is_cut) for status in rolled}
    return counts


def _count(model: type[Model], status: str, tenant: str | None) -> Bounded:
    # Processing has no index of its own, but exactly the processing rows are claimed.
    is_claimed = status == PROCESSING and model is not Batch
    drive = Q(claim_id__isnull=False) if is_claimed else Q(status=status)
    return Walk(model, drive, Q(tenant=tenant) if tenant else Q(), Q()).count()


def activity(history: History, now: datetime, span: timedelta, step: timedelta, by: str = "status") -> list[Bucket]:
    """What finished in the last `span`, in buckets of `step`, also the empty ones; `by` is "status" or "type"."""
    since = first_bucket(now, span, step)
    counts: defaultdict[datetime, Counter[str]] = defaultdict(Counter)
    for slot in history.slots(since, step):
        counts[slot.bucket][getattr(slot, by)] += slot.count
    starts = [since + number * step for number in range((floor(now, step) - since) // step + 1)]
    return [Bucket(start, start + step, dict(counts[start]), is_open=start + step > now) for start in starts]


def first_bucket(now: datetime, span: timedelta, step: timedelta) -> datetime:
    """Where buckets of `step` begin that cover the last `span`; the last of them is still open."""
    return floor(now - span, step) + step


def window_start(now: datetime, window: timedelta) -> datetime:
    """Where a window into the past begins: on a minute, or on an hour where minutes are no longer kept."""
    return floor(now - window, MINUTE if window <= MINUTES_KEPT else HOUR)


def failures_by_type(
    commands: History | None, now: datetime, *, events: bool = True, windows: Sequence[timedelta] = WINDOWS
) -> list[Failures]:
    """For each type that failed within the longest window, how often within each; the most recent worst first.

    A failed command stays failed, so the rollups know. A failed event can be processed again with success: those
    that are failed now are counted.
    """
    starts = [window_start(now, window) for window in windows]
    counts: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * len(windows))
    for type_name, row in commands.since_each(starts, ERROR).items() if commands else ():
        counts["command", type_name] = row
    if events:
        failed = Event.objects.filter(status=ERROR).order_by("-id").values_list("type", "finished_at")
        for type_name, at in failed[:ROWS]:
            for number, start in enumerate(starts):
                counts["event", type_name][number] += at is not None and at >= start
    rows = [Failures(kind, type_name, tuple(row)) for (kind, type_name), row in counts.items() if any(row)]
    return sorted(rows, key=lambda row: ([-count for count in row.counts], row.type))


def types(history: History, since: datetime, step: timedelta = EVER) -> list[OfType]:
    """The types that finished from `since` on, the most frequent first; `step` as for whom else has asked, so
    that it is read once."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for slot in history.slots(since, step):
        counts[slot.type][slot.status] += slot.count
    found = [OfType(name, row.total(), row[ERROR]) for name, row in counts.items()]
    return sorted(found, key=lambda row: (-row.count, row.type))


def run_times(history: History, since: datetime) -> list[RunTimes]:
    """How long runs that ended from `since` on took, by type, the slowest first."""
    bins: defaultdict[str, Counter[int]] = defaultdict(Counter)
    seconds: defaultdict[str, float] = defaultdict(float)
    for runs in history.runs(since):
        bins[runs.type].update(dict(enumerate(runs.histogram)))
        seconds[runs.type] += runs.seconds
    found = []
    for name, counted in bins.items():
        histogram = [counted[number] for number in range(len(BOUNDS) + 1)]
        mean = seconds[name] / max(sum(histogram), 1)
        found.append(RunTimes(name, sum(histogram), mean, percentile(histogram, 0.5), percentile(histogram, 0.95)))
    return sorted(found, key=lambda row: (-(row.p95 or float("inf")), row.type))


def percentile(histogram: Sequence[int], share: float) -> float | None:
    """About the duration that `share` of the runs stayed below; None when beyond the last bound."""
    wanted = share * sum(histogram)
    for number, reached in enumerate(accumulate(histogram)):
        if reached >= wanted and histogram[number]:
            if number == len(BOUNDS):
                return None
            low = BOUNDS[number - 1] if number else BOUNDS[0] / 10
            part = 1 - (reached - wanted) / histogram[number]
            return exp(log(low) + (log(BOUNDS[number]) - log(low)) * part)
    return 0.0
