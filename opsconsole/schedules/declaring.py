"""Which schedules there are: found in each installed app's `schedules.py`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.utils.module_loading import autodiscover_modules

from opsconsole.engine.messages import COMMANDS
from opsconsole.engine.retries import RetryPolicy
from opsconsole.kernel.registry import Registry
from opsconsole.schedules.rules import Cycle, Rule
from opsconsole.schedules.running import CarryOut, Function, message_for
from opsconsole.schedules.zones import zone_named

Missed = Literal["backfill", "newest", "skip"]
MISSED: tuple[Missed, ...] = ("backfill", "newest", "skip")
NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the code says about one schedule."""

    name: str
    rule: Rule
    missed: Missed
    message: type[CarryOut]

    @property
    def queue(self) -> str:
        return self.message.__contract__.queue

    @property
    def place_in_code(self) -> str:
        return f"{self.message.__module__}.{self.message.__name__}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A declaration that cannot be: it is left out, and a system check tells why."""

    id: str
    text: str
    hint: str = ""


DECLARED: Registry[Declaration] = Registry("schedule")
PROBLEMS: list[Problem] = []


def scheduled(
    name: str,
    rule: Rule,
    *,
    missed: Missed | None = None,
    queue: str = "default",
    priority: int = 0,
    retry: RetryPolicy | None = None,
    timeout: float | None = None,
) -> Callable[[Function], Function]:
    """Have the function called for every slot of the rule, as the handler of a command with the schedule's name.

    It gets a `Slot` and the `Work` of that command. A command that it returns is sent; the run has then ended when
    that one has. A schedule has one run at a time.

    `missed` says what becomes of slots whose time passed while nothing ran, or while the run before was under way:
    "backfill" runs each, in order, once the one before has succeeded (always so for cycles); "newest" runs the
    newest of them (the default); "skip" runs a slot within a minute of its time or not at all.
    The other options are those of a command. A declaration that makes no sense is reported by `manage.py check`.
    """
    wanted: Missed = missed or ("backfill" if isinstance(rule, Cycle) else "newest")

    def declare(function: Function) -> Function:
        if problem := _problem(name, rule, wanted, function):
            PROBLEMS.append(problem)
            return function
        options = {"queue": queue, "priority": priority, "retry": retry, "timeout": timeout}
        message = message_for(name, function, rule, **options)
        DECLARED.add(name, Declaration(name, rule, wanted, message))
        return function

    return declare


def discover() -> None:
    """Import `schedules` of every installed app, as Django does with `admin`."""
    autodiscover_modules("schedules")


def _problem(name: str, rule: Rule, missed: str, function: Function) -> Problem | None:
    where = f"The schedule {name!r} of {function.__module__}"
    if not NAME.fullmatch(name):
        hint = "1 to 200 letters, digits, dots, hyphens and underscores."
        return Problem("ops_schedules.E001", f"{where} has a name that cannot be stored.", hint)
    if name in DECLARED:
        other = DECLARED.get(name).message.__module__
        return Problem("ops_schedules.E002", f"{where} has the name of one in {other}.", "Give it another name.")
    if name in COMMANDS:
        hint = "Its runs are commands of that name: give it another."
        return Problem("ops_schedules.E002", f"{where} has the name of a command type.", hint)
    try:
        zone_named(rule.zone)
    except LookupError as error:
        return Problem("ops_schedules.E003", f"{where}: {error}.", "Names are those of the time zone database.")
    try:
        rule.check()
    except ValueError as error:
        return Problem("ops_schedules.E004", f"{where}: {error}.")
    if missed not in MISSED or (isinstance(rule, Cycle) and missed != "backfill"):
        hint = "A cycle leaves no date out." if isinstance(rule, Cycle) else f"One of {', '.join(MISSED)}."
        return Problem("ops_schedules.E005", f"{where} cannot have missed={missed!r}.", hint)
    return None
