"""Answers of the page: whole, or only what has changed; what people ask for is a POST, behind a permission each."""

import json
from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from opsconsole.console import audit
from opsconsole.console.pages import refused, respond
from opsconsole.engine import Sent
from opsconsole.examples.billing.configuration import billing_settings
from opsconsole.examples.billing.models import Document, Report
from opsconsole.examples.billing.voiding import asking
from opsconsole.examples.billing.voiding.reading import overview
from opsconsole.streams.models import Process

SEE, VOID, PUBLISH = "billing.view_report", "billing.void_document", "billing.publish_report"
ACKNOWLEDGE = "ops_streams.move_process"  # as for the same button on the page of the process
ACTIONS = {"void": VOID, "publish": PUBLISH, "acknowledge": ACKNOWLEDGE}

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
    return _page(request)


@require_POST
@permitted(VOID)
def void(request: HttpRequest, document_id: UUID) -> HttpResponse:
    return _ask(request, Document, document_id, asking.ask_to_void, "Voiding asked for.")


@require_POST
@permitted(PUBLISH)
def publish(request: HttpRequest, report_id: UUID) -> HttpResponse:
    words = "Publication asked for; it waits for voidings under way."
    return _ask(request, Report, report_id, asking.ask_to_publish, words)


@require_POST
@permitted(ACKNOWLEDGE)
def acknowledge(request: HttpRequest, process_id: UUID) -> HttpResponse:
    return _ask(request, Process, process_id, asking.ask_to_acknowledge, "Acknowledgement asked for.")


def _ask(request: HttpRequest, model: type[Model], pk: UUID, ask: Callable[[UUID], Sent], words: str) -> HttpResponse:
    """Send the command, write down who wanted it, and say what was done: it is asked for, not yet done."""
    row = model._default_manager.filter(pk=pk).first()
    if row is None:
        messages.error(request, f"There is no such {model._meta.verbose_name}, so nothing was asked.")
        return _back(request)
    with transaction.atomic():
        sent = ask(pk)
        if sent.is_new:
            audit.noted(request, row, f"{words} Command {sent.id}.")
    if sent.is_new:
        messages.success(request, words)
    else:
        messages.info(request, "That is on its way already.")
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """To the page; a page that asked by script is given what it shows now, and the words beside it."""
    if request.headers.get("HX-Target") != "live" or not request.user.has_perm(SEE):
        return HttpResponseRedirect(reverse("voiding:page"))
    words = " ".join(str(message) for message in messages.get_messages(request))
    response = _page(request)
    response.headers["HX-Trigger"] = json.dumps({"voiding:said": words})
    return response


def _page(request: HttpRequest) -> HttpResponse:
    context = {
        "title": "Document voiding",
        "overview": overview(),
        "slow_down": billing_settings().slow_down,
        "may_not": {name: _obstacle(request, permission) for name, permission in ACTIONS.items()},
    }
    return respond(request, admin.site, "billing/voiding", context)


def _obstacle(request: HttpRequest, permission: str) -> str:
    return "" if request.user.has_perm(permission) else f"Needs the permission {permission}."
