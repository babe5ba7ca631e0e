"""The list of subscriptions, one of them, and what is done to it."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from opsconsole.console import audit
from opsconsole.console.pages import reason_of, refused, respond, said
from opsconsole.console.reading import Reading
from opsconsole.console.streams import looks, notes
from opsconsole.console.streams.addresses import subscription_url
from opsconsole.console.streams.offers import ACTS, Act, Done, Offer, Order, obstacle, offers
from opsconsole.streams.models import Subscription
from opsconsole.streams.operations import Refused
from opsconsole.streams.queries import subscriptions
from opsconsole.streams.queries.subscriptions import RANK, Standing

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite


def show_list(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    reading = Reading(request.GET)
    status = reading.one_of("status", RANK)
    found = subscriptions.all_subscriptions()
    counted = Counter(one.status for one in found)
    context = {
        "title": "Subscriptions",
        "rows": [(one, looks.SUBSCRIPTIONS[one.status]) for one in found if status in ("", one.status)],
        "totals": [(name, looks.SUBSCRIPTIONS[name], counted[name]) for name in RANK if counted[name]],
        "all": len(found),
        "chosen": status,
        "head": found[0].head if found else 0,
        "complaints": reading.complaints,
    }
    return respond(request, site, "streams/subscriptions", context)


def show(request: HttpRequest, site: "OpsAdminSite", name: str) -> HttpResponse:
    """One subscription: why it rests, how far it is, its rebuild, what it has set aside or skipped."""
    standing = subscriptions.one_subscription(name)
    if standing is None:
        context = {"title": "No such subscription", "name": name}
        return respond(request, site, "streams/subscription_missing", context, status=404)
    if standing.row and standing.row.shadow_of:
        return HttpResponseRedirect(subscription_url(standing.row.shadow_of))
    return respond(request, site, "streams/subscription", _context(request, standing))


def _context(request: HttpRequest, standing: Standing) -> dict[str, Any]:
    parked, more_parked = subscriptions.parked_streams(standing.name, Reading(request.GET).text("after"))
    skipped = subscriptions.skipped_by(standing.name)
    ids = [one.first.event_id for one in parked] + [one.event_id for one in skipped if one.event_id]
    for one in (standing, standing.rebuild):
        if one and one.row and one.row.failed_event_id:
            ids.append(one.row.failed_event_id)
    return {
        "title": standing.name,
        "standing": standing,
        "row": standing.row,
        "look": looks.SUBSCRIPTIONS[standing.status],
        "notes": list(notes.on_subscription(standing)),
        "offers": list(offers(request, standing)),
        "rebuild": standing.rebuild,
        "rebuild_look": looks.SUBSCRIPTIONS[standing.rebuild.status] if standing.rebuild else None,
        "rebuild_offers": list(offers(request, standing.rebuild)) if standing.rebuild else [],
        "follows": sorted(standing.follower.types) if standing.follower else [],
        "tables": [model._meta.db_table for model in standing.follower.models] if standing.follower else [],
        "parked": parked,
        "more_parked": more_parked,
        "is_first_parked": "after" not in request.GET,
        "apply_parked": Offer(ACTS["apply_parked"], obstacle(request, ACTS["apply_parked"])),
        "skipped": skipped[: subscriptions.SKIPPED],
        "more_skipped": len(skipped) > subscriptions.SKIPPED,
        "types": subscriptions.types_of(ids),
    }


@require_POST
def act(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    """Do what the pressed button says, and tell truly what came of it."""
    row = Subscription.objects.filter(name=said(request, "name")).first()
    wanted = ACTS.get(request.POST.get("action", ""))
    if wanted is not None and obstacle(request, wanted):
        return refused(request, site, wanted.permission)
    if row is None:
        messages.error(request, "There is no such subscription.")
        return HttpResponseRedirect(reverse("admin:ops_subscriptions"))
    if wanted is None:
        messages.error(request, "There is no such action.")
    else:
        _perform(request, wanted, row)
    return HttpResponseRedirect(subscription_url(row.shadow_of or row.name))


def _perform(request: HttpRequest, wanted: Act, row: Subscription) -> None:
    reason = reason_of(request)
    order = Order(name=row.name, actor=request.user.get_username(), reason=reason, given=request.POST)
    try:
        with transaction.atomic():
            done = perform(request, wanted, row, order)
    except Refused as refusal:
        messages.warning(request, format_html("Nothing was done: {}.", refusal.args[0]))
        return
    messages.success(request, format_html("{}.", done))


def perform(request: HttpRequest, wanted: Act, row: Subscription, order: Order, via: str = "") -> Done:
    """Do it for the request's user and log it, in the transaction that is under way. Raises Refused."""
    done = wanted.perform(order)
    more = (f"; reason: {order.reason}" if order.reason else "") + (f"; via {via}" if via else "")
    audit.noted(request, row, _told(wanted, order.given) + more)
    return done


def _told(wanted: Act, given: Mapping[str, Any]) -> str:
    """For the log: what was done, and to which event or stream."""
    about = {"skip": f" at position {given.get('position')}", "apply_parked": f" of {given.get('stream')}"}
    return wanted.label + about.get(wanted.name, "")
