"""What differs between two states, value by value, as a reader wants it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any

MOST = 100  # values shown
LENGTH = 300  # characters of a value
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that was "added", "removed" or "changed"; `path` leads to it, as in "lines[2].amount"."""

    path: str
    change: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Differences:
    """The first ones; `is_more` when there are others."""

    rows: list[Difference]
    is_more: bool = False

    def __bool__(self) -> bool:
        return bool(self.rows)


def between(before: Any, after: Any) -> Differences:
    """What one has to change in `before` for it to become `after`; both are JSON values."""
    found = list(islice(_differ(before, after, ""), MOST + 1))
    return Differences(found[:MOST], len(found) > MOST)


def _differ(before: Any, after: Any, path: str) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys([*before, *after]):
            below = f"{path}.{name}" if path else str(name)
            yield from _differ(before.get(name, _NOTHING), after.get(name, _NOTHING), below)
    elif isinstance(before, list) and isinstance(after, list):
        for number, pair in enumerate(zip_longest(before, after, fillvalue=_NOTHING)):
            yield from _differ(*pair, f"{path}[{number}]")
    elif before is _NOTHING:
        yield Difference(path, "added", after=_short(after))
    elif after is _NOTHING:
        yield Difference(path, "removed", before=_short(before))
    elif before != after or type(before) is not type(after):  # to Python, 1 and true are equal
        yield Difference(path, "changed", _short(before), _short(after))


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LENGTH else text[: LENGTH - 1] + "…"
