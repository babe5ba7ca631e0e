"""Telling what goes on while it goes on."""

import sys
import time
from collections.abc import Callable, Iterator

_began = time.monotonic()


def say(text: str) -> None:
    """A line on standard error, with the seconds since the start."""
    print(f"[{time.monotonic() - _began:5.0f} s] {text}", file=sys.stderr, flush=True)


def alternate(rounds: int, sides: dict[str, Callable[[], float]]) -> Iterator[tuple[str, float]]:
    """Run every side once a round, each round in the opposite order, saying what each one gave."""
    for number in range(rounds):
        order = list(sides) if number % 2 == 0 else list(reversed(sides))
        for side in order:
            figure = sides[side]()
            say(f"round {number + 1} of {rounds}, {side}: {figure:,.1f}/s")
            yield side, figure


def by_side(figures: Iterator[tuple[str, float]]) -> dict[str, list[float]]:
    """All figures of each side, in the order of the rounds."""
    collected: dict[str, list[float]] = {}
    for side, figure in figures:
        collected.setdefault(side, []).append(figure)
    return collected
