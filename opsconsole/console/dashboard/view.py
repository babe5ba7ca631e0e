"""The overview: read once, shown in panels, refreshed in place."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse

from opsconsole.console import extensions
from opsconsole.console.dashboard import panels
from opsconsole.console.dashboard.charts import RANGES, activity
from opsconsole.console.dashboard.state import State
from opsconsole.console.dashboard.verdict import verdict
from opsconsole.console.navigation import visible
from opsconsole.console.pages import respond

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite


def overview(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    """The site's index. Shows what the user may see; says so when that is nothing."""
    kinds = [kind.name for kind in visible(request)]
    context: dict[str, Any] = {"title": "Overview", "kinds": kinds}
    if kinds:
        state = State.read(kinds)
        context |= {
            "state": state,
            "verdict": verdict(state, extensions.findings(request)),
            "cards": list(panels.cards(state)),
            "failures": panels.failures(state),
            "windows": panels.WINDOW_WORDS,
            "more_failures": panels.hidden(state.failures, "type"),
            "run_times": panels.run_times(state),
            "is_fresh": state.is_fresh,
            **_history(request, state),
        }
    return respond(request, site, "dashboard/overview", context)


def _history(request: HttpRequest, state: State) -> dict[str, Any]:
    """The panels that depend on what the address chooses: kind and range."""
    offered = [kind for kind in ("command", "event") if kind in state.histories]
    if not offered:
        return {}
    chosen = RANGES.get(request.GET.get("range", ""), RANGES["1h"])
    kind = request.GET.get("of", "")
    kind = kind if kind in offered else offered[0]
    return {
        "ranges": RANGES.values(),
        "range": chosen,
        "of": kind,
        "offered": offered,
        "activity": activity(state, kind, chosen),
        "types": panels.types(state, kind, chosen),
    }
