"""What an app may tell the console: a `console` module, found as Django finds `admin`.

It may define `tenant_labels()`; `PAGES`, `ENTRIES` and `ORIGINS` of the kinds below; and functions whose last argument
is the request, for they tell a user only what he may see: `owner_of_flow(correlation_id, request)`, which process a
flow belongs to; `findings(request)`, what the overview is to say; `locate(identifier, request)`, the address of the
page of an id; `matches(text, request)`, what a text finds; `notes_on_event(event, commands, request)`, what became of
an event beyond its reactions. Templates of its pages lie in `templates/ops_console/<a folder of its own>/`; its views
answer with `opsconsole.console.pages.respond`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING
from uuid import UUID

from django.apps import apps
from django.core.cache import cache as kept
from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from opsconsole.console.dashboard.verdict import Finding
    from opsconsole.console.waiting import Note
    from opsconsole.engine.models import Command, Event

FRESH = 60  # seconds that names of tenants are kept


@dataclass(frozen=True, slots=True)
class Page:
    """A page below the admin's root, such as "engine/schedules/<str:name>/".

    `view(request, site, **parts)` is called for whoever has `permission`; what it changes it must check itself.
    `name` begins with "ops_".
    """

    route: str
    name: str
    permission: str
    view: Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the rail, for whoever has `permission`. `icon` is one of icons.svg, `page` the name of its Page, or
    of a page beside the admin with its namespace."""

    label: str
    icon: str
    page: str
    permission: str


@dataclass(frozen=True, slots=True)
class Outside:
    """The cause of a row, when it is none of the engine's kinds: "Run by schedule" `name`, `detail`."""

    words: str
    name: str
    url: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """Something whose name fits what was searched for; `what` says what it is."""

    icon: str
    name: str
    url: str
    what: str


@cache
def modules() -> tuple[ModuleType, ...]:
    """The `console` module of every app that has one; before them the console's own pages for streams, if installed."""
    own = ["opsconsole.console.streams.extension"] if apps.is_installed("opsconsole.streams") else []
    names = [*own, *(f"{config.name}.console" for config in apps.get_app_configs())]
    return tuple(import_module(name) for name in names if find_spec(name))


def pages() -> Iterator[Page]:
    """The pages that apps add, in the order of the apps."""
    for module in modules():
        yield from getattr(module, "PAGES", ())


def entries() -> Iterator[Entry]:
    for module in modules():
        yield from getattr(module, "ENTRIES", ())


def outside_cause(kind: str, identifier: UUID, request: HttpRequest) -> Outside | None:
    """What an app tells this user about a cause of that kind: the first of the `ORIGINS` that knows the row."""
    for module in modules():
        ask: Callable[[UUID, HttpRequest], Outside | None] | None = getattr(module, "ORIGINS", {}).get(kind)
        if ask and (known := ask(identifier, request)):
            return known
    return None


def owner_of_flow(correlation_id: UUID, request: HttpRequest) -> Outside | None:
    """What the flow with this correlation id belongs to, as far as this user may know."""
    for module in modules():
        ask: Callable[[UUID, HttpRequest], Outside | None] | None = getattr(module, "owner_of_flow", None)
        if ask and (known := ask(correlation_id, request)):
            return known
    return None


def findings(request: HttpRequest) -> "Iterator[Finding]":
    """What the overview is to say besides what the engine knows."""
    for module in modules():
        if ask := getattr(module, "findings", None):
            yield from ask(request)


def locate(identifier: UUID, request: HttpRequest) -> str | None:
    """The page of what has this id, if an app knows it and the user may see it."""
    for module in modules():
        ask: Callable[[UUID, HttpRequest], str | None] | None = getattr(module, "locate", None)
        if ask and (url := ask(identifier, request)):
            return url
    return None


def matches(text: str, request: HttpRequest) -> Iterator[Match]:
    """What the text finds among the names that apps know."""
    for module in modules():
        if ask := getattr(module, "matches", None):
            yield from ask(text, request)


def notes_on_event(event: "Event", commands: "Sequence[Command]", request: HttpRequest) -> "Iterator[Note]":
    """What apps say about an event; `commands` are some of those that it set off."""
    for module in modules():
        if ask := getattr(module, "notes_on_event", None):
            yield from ask(event, commands, request)


def tenant_labels() -> dict[str, str]:
    """What tenants are called: the union of every app's `tenant_labels()`."""
    labels: dict[str, str] = kept.get_or_set("ops_console.tenants", _ask_for_tenants, FRESH)
    return labels


def _ask_for_tenants() -> dict[str, str]:
    labels: dict[str, str] = {}
    for module in modules():
        if ask := getattr(module, "tenant_labels", None):
            labels |= ask()
    return labels
