"""When a failed command is tried again: one policy a type."""

import random
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often, after how long, and for which errors.

    `on` limits retries to these exceptions, `never_on` excludes some; anything else fails at once.
    """

    on: tuple[type[BaseException], ...] = (Exception,)
    never_on: tuple[type[BaseException], ...] = ()
    label: ClassVar[str] = ""

    @property
    def max_attempts(self) -> int:
        raise NotImplementedError

    def delay(self, attempt: int) -> float:
        """Seconds to wait after try number `attempt` failed (1 is the first)."""
        raise NotImplementedError

    def covers(self, error: BaseException) -> bool:
        return isinstance(error, self.on) and not isinstance(error, self.never_on)

    def describe(self) -> str:
        """The policy in words, for the console."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class NoRetry(RetryPolicy):
    """One try."""

    label: ClassVar[str] = "none"

    @property
    def max_attempts(self) -> int:
        return 1

    def delay(self, attempt: int) -> float:
        return 0.0

    def describe(self) -> str:
        return "no retry"


@dataclass(frozen=True, kw_only=True)
class Fixed(RetryPolicy):
    """The same delay each time; `every` in seconds, `times` retries."""

    label: ClassVar[str] = "fixed"
    every: float
    times: int

    @property
    def max_attempts(self) -> int:
        return self.times + 1

    def delay(self, attempt: int) -> float:
        return self.every

    def describe(self) -> str:
        return f"{self.times} retries, {self.every:g} s apart"


@dataclass(frozen=True, kw_only=True)
class Linear(RetryPolicy):
    """`first` seconds, then twice, three times as long …"""

    label: ClassVar[str] = "linear"
    first: float
    times: int

    @property
    def max_attempts(self) -> int:
        return self.times + 1

    def delay(self, attempt: int) -> float:
        return self.first * attempt

    def describe(self) -> str:
        return f"{self.times} retries, {self.first:g} s longer each time"


@dataclass(frozen=True, kw_only=True)
class Exponential(RetryPolicy):
    """`first` seconds, then doubling up to `longest`; `jitter` shortens each by up to that share."""

    label: ClassVar[str] = "exponential"
    first: float
    times: int
    longest: float = 3600.0
    jitter: float = 0.1

    @property
    def max_attempts(self) -> int:
        return self.times + 1

    def delay(self, attempt: int) -> float:
        full = min(self.longest, self.first * 2.0 ** min(attempt - 1, 60))
        return full * (1 - self.jitter * random.random())  # noqa: S311 - spreads load, guards nothing

    def describe(self) -> str:
        return f"{self.times} retries, from {self.first:g} s doubling up to {self.longest:g} s"


@dataclass(frozen=True, kw_only=True)
class Delays(RetryPolicy):
    """Exactly these delays, in seconds: `Delays(after=(60, 300, 1800))`."""

    label: ClassVar[str] = "delays"
    after: tuple[float, ...]

    @property
    def max_attempts(self) -> int:
        return len(self.after) + 1

    def delay(self, attempt: int) -> float:
        return self.after[min(attempt, len(self.after)) - 1]

    def describe(self) -> str:
        return "retries after " + ", ".join(f"{seconds:g} s" for seconds in self.after)
