"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Numbers of things, and of rounds in which the sides of a comparison alternate."""

    rounds: int = 3
    commands: int = 20_000
    exploring: int = 3_000  # jobs for each concurrency that a rival is tried with
    events: int = 20_000
    wake_ups: int = 400
    batch: int = 100_000
    followed: int = 200_000
    rebuilt: int = 1_000_000
    loads: int = 2_000
    long_stream: int = 10_000
    rival_followed: int = 20_000
    writing_rounds: int = 5
    writing_seconds: float = 6.0


FULL = Size()
QUICK = Size(
    rounds=1,
    commands=3_000,
    exploring=500,
    events=3_000,
    wake_ups=60,
    batch=10_000,
    followed=20_000,
    rebuilt=60_000,
    loads=200,
    long_stream=2_000,
    rival_followed=5_000,
    writing_rounds=1,
    writing_seconds=2.0,
)
