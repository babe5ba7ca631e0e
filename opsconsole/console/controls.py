"""The controls above a list: one a condition, with its choices and what is chosen."""

from collections.abc import Iterable
from dataclasses import dataclass

from opsconsole.console.extensions import tenant_labels
from opsconsole.console.reading import PRESETS, Reading
from opsconsole.engine.messages import COMMANDS, EVENTS
from opsconsole.engine.queries.names import names_of
from opsconsole.engine.registry import queues

Choices = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Control:
    """A condition to choose; without choices it is a field to type or paste into."""

    name: str
    label: str
    value: str
    choices: Choices

    @property
    def chosen(self) -> str:
        """What is chosen, in words."""
        return dict(self.choices).get(self.value, self.value)


def choose(reading: Reading, name: str, label: str, choices: Iterable[tuple[str, str]]) -> Control:
    """A control whose choices always include what the address names."""
    value = reading.text(name)
    known = list(choices)
    if value and value not in dict(known):
        known.append((value, value))
    return Control(name, label, value, known)


def states(reading: Reading, statuses: Iterable[str], name: str = "status", label: str = "Status") -> Control:
    return choose(reading, name, label, [(status, status.capitalize()) for status in statuses])


def types(reading: Reading, kind: str) -> Control:
    """Types that occur, and those that code knows."""
    known = {name for name, _ in (EVENTS if kind == "event" else COMMANDS)}
    return choose(reading, "type", "Type", [(name, name) for name in sorted(known | {*names_of(kind, "type")})])


def tenants(reading: Reading, kind: str) -> Control:
    labels = tenant_labels()
    named = [(tenant, labels.get(tenant, tenant)) for tenant in names_of(kind, "tenant")]
    return choose(reading, "tenant", "Tenant", sorted(named, key=lambda pair: pair[1].lower()))


def queue(reading: Reading) -> Control:
    known = {*queues(), *names_of("command", "queue")}
    return choose(reading, "queue", "Queue", [(name, name) for name in sorted(known)])


def time(reading: Reading) -> Control:
    presets = [(name, label) for name, (label, _) in PRESETS.items()]
    return choose(reading, "range", "Time", [*presets, ("custom", "Custom range…")])


def pasted(reading: Reading, name: str, label: str) -> Control:
    return Control(name, label, reading.text(name), [])
