"""The rail: the console's own pages, then the models of the host's apps."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from opsconsole.console import extensions
from opsconsole.console.kinds import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the rail."""

    label: str
    url: str
    icon: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Section:
    """The models of one host app; open when one of them is looked at."""

    label: str
    places: list[Place]
    is_current: bool


def places(request: HttpRequest) -> list[Place]:
    """The console's pages that this user may see."""
    index = reverse("admin:index")
    overview = Place("Overview", index, "overview", request.path == index)
    return [overview, *(_place(request, kind) for kind in visible(request)), *_added(request)]


def visible(request: HttpRequest) -> list[Kind]:
    return [kind for kind in KINDS.values() if request.user.has_perm(kind.view_permission)]


def sections(request: HttpRequest, app_list: list[dict[str, Any]]) -> list[Section]:
    """The host's models, as the admin lists them, without the engine's own."""
    return [_section(request, app) for app in app_list if app["app_label"] != "ops_engine"]


def engine_app(request: HttpRequest) -> dict[str, Any] | None:
    """The engine as the admin describes an app, its models leading to the console's lists."""
    models = [
        {
            "model": kind.model,
            "name": kind.plural.capitalize(),
            "object_name": kind.model._meta.object_name,
            "perms": {"add": False, "change": False, "delete": False, "view": True},
            "admin_url": kind.list_url,
            "add_url": None,
            "view_only": True,
        }
        for kind in visible(request)
    ]
    if not models:
        return None
    return {
        "name": "Engine",
        "app_label": "ops_engine",
        "app_url": reverse("admin:ops_engine"),
        "has_module_perms": True,
        "models": models,
    }


def _place(request: HttpRequest, kind: Kind) -> Place:
    url = kind.list_url
    return Place(kind.plural.capitalize(), url, kind.name, request.path.startswith(url))


def _added(request: HttpRequest) -> Iterator[Place]:
    """What apps add to the rail."""
    for entry in extensions.entries():
        if request.user.has_perm(entry.permission):
            url = reverse(entry.page if ":" in entry.page else f"admin:{entry.page}")
            yield Place(entry.label, url, entry.icon, request.path.startswith(url))


def _section(request: HttpRequest, app: dict[str, Any]) -> Section:
    models = [
        Place(model["name"], model["admin_url"], "table", request.path.startswith(model["admin_url"]))
        for model in app["models"]
        if model["admin_url"]
    ]
    return Section(app["name"], models, any(place.is_current for place in models))
