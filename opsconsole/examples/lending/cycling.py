"""The daily cycler: every business date is announced once, in order, whoever asks and however often."""

from collections.abc import Iterator
from datetime import date, timedelta

from opsconsole.examples.lending.events import SystemCycled
from opsconsole.streams import Aggregate, Loaded, applies, decide

KEY = "daily"  # there is one
DAY = timedelta(days=1)


class Cycler(Aggregate, category="lending.cycler", snapshot_every=100):
    """`last` is the business date of the last cycle."""

    last: date | None = None

    @applies(SystemCycled)
    def cycled(self, event: SystemCycled) -> "Cycler":
        return self.with_(last=event.date)

    def reach(self, today: date) -> Iterator[SystemCycled]:
        """The dates that have begun since the last cycle; of the very first one, only today."""
        day = today if self.last is None else self.last + DAY
        while day <= today:
            yield SystemCycled(date=day)
            day += DAY


def cycle_up_to(today: date) -> Loaded[Cycler]:
    """Announce the business dates up to `today` that have not been."""
    return decide(Cycler, KEY, lambda cycler: cycler.reach(today))
