"""Where on the pages somebody is: what is asked for there is answered there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from opsconsole.console.reading import Reading

LONGEST = 80  # characters of a customer's name


@dataclass(frozen=True, slots=True)
class Place:
    """All customers from a name on, or one report from behind a document on."""

    beginning: str = ""
    report: UUID | None = None
    before: UUID | None = None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        """As a posted form tells it. Nonsense is left out."""
        reading = Reading(given)
        return cls(reading.text("from")[:LONGEST], reading.identifier("report"), reading.identifier("before"))

    @property
    def fields(self) -> dict[str, str]:
        """What a form posts, so that the answer comes back here."""
        given = {"from": self.beginning, "report": self.report, "before": self.before}
        return {name: str(value) for name, value in given.items() if value}

    @property
    def url(self) -> str:
        given = self.fields
        report = given.pop("report", None)
        address = reverse("voiding:report", args=[report]) if report else reverse("voiding:page")
        return f"{address}?{urlencode(given)}" if given else address
