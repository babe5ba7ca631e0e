"""Names and what they stand for; a name means one thing only."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class DuplicateName(Exception):
    """Two things claim one stored name."""


class UnknownName(LookupError):
    """A stored name that no code answers to: removed, renamed, or not deployed here yet."""


class Registry(Generic[T]):
    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def add(self, name: str, item: T) -> T:
        """Bind `name`; raises DuplicateName when it already means something else."""
        if self._items.setdefault(name, item) is not item:
            raise DuplicateName(f"{self.kind} {name!r} is already {self._items[name]!r}, cannot be {item!r}")
        return item

    def get(self, name: str) -> T:
        """What `name` stands for; raises UnknownName."""
        try:
            return self._items[name]
        except KeyError:
            raise UnknownName(f"no {self.kind} is called {name!r}") from None

    def find(self, name: str) -> T | None:
        return self._items.get(name)

    def remove(self, name: str) -> None:
        """Forget a name: for test kits that define their own messages."""
        self._items.pop(name, None)

    def __contains__(self, name: str) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter(sorted(self._items.items(), key=lambda pair: pair[0]))

    def __len__(self) -> int:
        return len(self._items)
