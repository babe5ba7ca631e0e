"""Which endpoints there are: found in the `api` module of each app, as Django finds `admin`."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import ninja
from django.apps import apps


class Router(ninja.Router):
    """As ninja's; bodies are written with the names that their models give to the outside."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"by_alias": True, **options})


@dataclass(frozen=True, slots=True)
class Mount:
    """A router below `prefix` ("" is the root); `tag` is its heading in the documentation, and the first word of its
    operations on the command line."""

    prefix: str
    router: ninja.Router
    tag: str


def mounts() -> Iterator[Mount]:
    """The `MOUNTS` of our own endpoints, then those of every app's `api` module."""
    own = ["opsconsole.api.health", "opsconsole.api.jobs.endpoints", "opsconsole.api.resources"]
    others = [f"{config.name}.api" for config in apps.get_app_configs() if config.name != "opsconsole"]
    for name in [*own, *(name for name in others if find_spec(name))]:
        yield from getattr(import_module(name), "MOUNTS", ())
