"""A discipline as the catalogue writes it."""

from typing import NamedTuple

HOURS_PER_CREDIT = 20


class Subject(NamedTuple):
    name: str
    workload: int  # hours

    @property
    def credits(self) -> int:
        return self.workload // HOURS_PER_CREDIT


Periods = tuple[tuple[Subject, ...], ...]
