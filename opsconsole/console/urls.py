"""Where the console's pages live, below the admin's own root."""

from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.generic import RedirectView

from opsconsole.console import extensions
from opsconsole.console.kinds import KINDS, Kind
from opsconsole.console.navigation import visible
from opsconsole.console.pages import refused
from opsconsole.console.views import acting, batches, commands, data, events, flow, search, workflows

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite

View = Callable[..., HttpResponse]
VIEWS = {"event": events, "command": commands, "batch": batches, "workflow": workflows}


def console_urls(site: "OpsAdminSite") -> list[URLPattern]:
    """The console's addresses; each checks on the server what the user may see or do."""
    general = [
        path("engine/search/", site.admin_view(_bound(search.search, site)), name="ops_search"),
        path("engine/flows/<uuid:pk>/", _page(site, flow.show), name="ops_flow"),
        path("ops_engine/", site.admin_view(_bound(_app_index, site)), name="ops_engine"),
    ]
    own = [url for kind in KINDS.values() for url in _urls_of(site, kind)]
    return [*general, *own, *(path(page.route, _added(site, page), name=page.name) for page in extensions.pages())]


def _urls_of(site: "OpsAdminSite", kind: Kind) -> list[URLPattern]:
    views, at, model = VIEWS[kind.name], f"engine/{kind.plural}", f"ops_engine_{kind.name}"
    own = [
        path(f"{at}/", _page(site, views.show_list, kind), name=f"ops_{kind.plural}"),
        path(f"{at}/act/", site.admin_view(_bound(acting.act, site, kind.name)), name=f"ops_{kind.name}_act"),
        path(f"{at}/<uuid:pk>/", _page(site, views.show, kind), name=f"ops_{kind.name}"),
        # what the admin's log and permission-minded code reverse
        path(f"ops_engine/{kind.name}/", _redirect(f"ops_{kind.plural}"), name=f"{model}_changelist"),
        path(f"ops_engine/{kind.name}/<uuid:pk>/change/", _redirect(f"ops_{kind.name}"), name=f"{model}_change"),
    ]
    if kind.name not in ("event", "command"):
        return own
    download = _page(site, data.download, kind, kind.name)
    return [*own, path(f"{at}/<uuid:pk>/data.json", download, name=f"ops_{kind.name}_data")]


def _page(site: "OpsAdminSite", view: View, kind: Kind | None = None, *args: Any) -> View:
    """A page for those who may see rows of this kind; without a kind, of any."""

    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if kind and not request.user.has_perm(kind.view_permission):
            return refused(request, site, kind.view_permission)
        if not kind and not visible(request):
            return refused(request, site, KINDS["event"].view_permission)
        return view(request, site, *args, **kwargs)

    return site.admin_view(update_wrapper(guarded, view))


def _added(site: "OpsAdminSite", page: extensions.Page) -> View:
    """A page that an app adds."""

    def guarded(request: HttpRequest, **parts: Any) -> HttpResponse:
        if not request.user.has_perm(page.permission):
            return refused(request, site, page.permission)
        if any("\0" in part for part in parts.values() if isinstance(part, str)):
            raise Http404("no name has a NUL character in it")
        return page.view(request, site, **parts)

    return site.admin_view(update_wrapper(guarded, page.view))


def _bound(view: View, site: "OpsAdminSite", *args: Any) -> View:
    def bound(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return view(request, site, *args, **kwargs)

    return update_wrapper(bound, view)


def _app_index(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    return site.app_index(request, "ops_engine")


def _redirect(name: str) -> View:
    return RedirectView.as_view(pattern_name=f"admin:{name}")
