"""What a list's address says: which rows are wanted, and from where on. Nonsense is named, never an error page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from opsconsole.engine.queries.filters import Filter
from opsconsole.kernel import clock
from opsconsole.kernel.lifecycle import Lifecycle

F = TypeVar("F", bound=Filter)

PRESETS = {
    "15m": ("Last 15 minutes", timedelta(minutes=15)),
    "1h": ("Last hour", timedelta(hours=1)),
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
}


@dataclass(slots=True)
class Reading:
    """A list's address, understood. `complaints` name the parameters that made no sense and were left out."""

    given: Mapping[str, str]
    complaints: list[str] = field(default_factory=list)

    def wanted(self, filter_type: type[F], lifecycle: Lifecycle, **own: Any) -> F:
        """The filter: what all lists share, and the `own` conditions of one kind."""
        since, until = self.time_range()
        return filter_type(
            status=self.one_of("status", lifecycle.states),
            type=self.text("type"),
            tenant=self.text("tenant"),
            since=since,
            until=until,
            ended_since=self._moment("ended_from"),
            ended_until=self._moment("ended_to"),
            correlation_id=self.identifier("correlation"),
            cause_id=self.identifier("cause"),
            **own,
        )

    def text(self, name: str) -> str:
        return self.given.get(name, "").strip().replace("\0", "")

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name)
        if not value or value in choices:
            return value
        return self._complain(f"“{value}” is not one of {', '.join(choices)}")

    def _complain(self, text: str) -> str:
        self.complaints.append(text)
        return ""

    def identifier(self, name: str) -> UUID | None:
        value = self.text(name)
        if not value:
            return None
        try:
            return UUID(value)
        except ValueError:
            self._complain(f"“{value}” is not an id")
            return None

    def number(self, name: str) -> int | None:
        """A whole number from 0 on."""
        value = self.text(name)
        if not value:
            return None
        if value.isascii() and value.isdigit() and len(value) <= 18:
            return int(value)
        self._complain(f"“{value}” is not a number")
        return None

    def time_range(self) -> tuple[datetime | None, datetime | None]:
        """A preset counts back from now; "custom" takes `from` and `to`, in UTC."""
        chosen = self.one_of("range", (*PRESETS, "custom"))
        if chosen in PRESETS:
            return clock.now() - PRESETS[chosen][1], None
        if chosen == "custom":
            return self._moment("from"), self._moment("to")
        return None, None

    def _moment(self, name: str) -> datetime | None:
        value = self.text(name)
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self._complain(f"“{value}” is not a date and time")
            return None
        if not 1970 < moment.year < 9000:
            self._complain(f"“{value}” lies outside the history")
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
