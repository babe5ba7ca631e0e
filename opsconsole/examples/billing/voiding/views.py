"""Answers of the pages: whole, or only what has changed; what people ask for is a POST, behind a permission each."""

import json
from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_GET, require_POST

from opsconsole.console import audit
from opsconsole.console.pages import refused, respond
from opsconsole.examples.billing.configuration import billing_settings
from opsconsole.examples.billing.models import Report
from opsconsole.examples.billing.voiding.asking import WISHES, Wish
from opsconsole.examples.billing.voiding.hearing import resting
from opsconsole.examples.billing.voiding.looks import LEGEND
from opsconsole.examples.billing.voiding.places import Place
from opsconsole.examples.billing.voiding.reading import one_report, overview

SEE = "billing.view_report"
ACTIONS = {
    "void": "billing.void_document",
    "publish": "billing.publish_report",
    "acknowledge": "ops_streams.move_process",  # as for the same button on the page of the process
}

View = Callable[..., HttpResponse]


def permitted(permission: str) -> Callable[[View], View]:
    """For members of staff who hold this permission; others are told which one they lack."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **parts: UUID) -> HttpResponse:
            if not request.user.has_perm(permission):
                return refused(request, admin.site, permission)
            return view(request, **parts)

        return admin.site.admin_view(guarded)

    return guard


@require_GET
@permitted(SEE)
def show(request: HttpRequest) -> HttpResponse:
    return _page(request, Place(beginning=Place.of(request.GET).beginning))


@require_GET
@permitted(SEE)
def show_report(request: HttpRequest, report_id: UUID) -> HttpResponse:
    return _page(request, Place(report=report_id, before=Place.of(request.GET).before))


@require_POST
@permitted(ACTIONS["void"])
def void(request: HttpRequest, document_id: UUID) -> HttpResponse:
    return _ask(request, WISHES["void"], document_id)


@require_POST
@permitted(ACTIONS["publish"])
def publish(request: HttpRequest, report_id: UUID) -> HttpResponse:
    return _ask(request, WISHES["publish"], report_id)


@require_POST
@permitted(ACTIONS["acknowledge"])
def acknowledge(request: HttpRequest, process_id: UUID) -> HttpResponse:
    return _ask(request, WISHES["acknowledge"], process_id)


def _ask(request: HttpRequest, wish: Wish, pk: UUID) -> HttpResponse:
    """Send the command, write down who wanted it, and say what was done: it is asked for, not yet done."""
    rows = wish.rows()
    row = rows.filter(pk=pk).first()
    if row is None:
        messages.error(request, f"There is no such {rows.model._meta.verbose_name}, so nothing was asked.")
        return _back(request)
    if obstacle := wish.obstacle(row):
        messages.warning(request, f"Nothing was asked. {obstacle}")
        return _back(request)
    with transaction.atomic():
        sent = wish.ask(pk)
        if sent.is_new:
            audit.noted(request, row, f"{wish.words} Command {sent.id}.")
    if sent.is_new:
        messages.success(request, wish.words)
    else:
        messages.info(request, "That is on its way already.")
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """To where it was asked; a page that asked by script is given what it shows now, and the words beside it."""
    place = Place.of(request.POST)
    if request.headers.get("HX-Target") != "live" or not request.user.has_perm(SEE):
        return HttpResponseRedirect(place.url)
    words = " ".join(str(message) for message in messages.get_messages(request))
    response = _page(request, place)
    response.headers["HX-Trigger"] = json.dumps({"voiding:said": words})
    return response


def _page(request: HttpRequest, place: Place) -> HttpResponse:
    context = {
        "place": place,
        "legend": LEGEND,
        "resting": list(resting()),
        "slow_down": billing_settings().slow_down,
        "may_not": {name: _obstacle(request, permission) for name, permission in ACTIONS.items()},
    }
    if place.report is None:
        context |= {"title": "Document voiding", "overview": overview(place.beginning)}
        return respond(request, admin.site, "billing/voiding", context)
    report = Report.objects.filter(pk=place.report).first()
    if report is None:
        return respond(
            request, admin.site, "billing/no_report", {"title": "No such report", "place": place}, status=404
        )
    context |= {"title": f"Report of {report.customer}", "report": report, "one": one_report(report, place.before)}
    return respond(request, admin.site, "billing/report", context)


def _obstacle(request: HttpRequest, permission: str) -> str:
    return "" if request.user.has_perm(permission) else f"Needs the permission {permission}."
