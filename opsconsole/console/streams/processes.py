"""The list of process instances, and one of them with every step that it took."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from opsconsole.console import controls, differences
from opsconsole.console.controls import Control
from opsconsole.console.flows import pictures
from opsconsole.console.pages import respond
from opsconsole.console.pictures.machine import Machine, machine_figure
from opsconsole.console.reading import Reading
from opsconsole.console.streams import by_hand, looks, notes
from opsconsole.engine.queries import lists
from opsconsole.engine.queries.names import names_in
from opsconsole.engine.queries.present import database_now
from opsconsole.streams.models import Process, ProcessStep
from opsconsole.streams.moves import PROCESSES
from opsconsole.streams.queries import processes, steps
from opsconsole.streams.queries.processes import ProcessFilter

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite

TABLE = "ops_streams_process"


def show_list(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    reading = Reading(request.GET)
    wanted = read(reading)
    before, after = reading.identifier("before"), reading.identifier("after")
    page = lists.read_page(processes.LISTED, wanted, before=before, after=after)
    offered = _controls(reading, wanted)
    now = database_now()
    context = {
        "title": "Processes",
        "page": page,
        "rows": [(one, _look(one, processes.condition_of(one, now))) for one in page.rows],
        "matching": page.count(),
        "condition": wanted.condition,
        "controls": offered,
        "chips": [control for control in offered if control.value],
        "complaints": reading.complaints,
        "totals": list(processes.counts(wanted.tenant).items()),
    }
    return respond(request, site, "streams/processes", context)


def show(request: HttpRequest, site: "OpsAdminSite", pk: UUID) -> HttpResponse:
    """One instance: its state machine, its steps, what it asked for, what can be done."""
    process = Process.objects.filter(pk=pk).first()
    if process is None:
        return respond(request, site, "streams/process_missing", {"title": "No such process", "pk": pk}, status=404)
    now = database_now()
    condition = processes.condition_of(process, now)
    before = Reading(request.GET).number("before")
    shown, older = steps.steps_of(pk, before)
    newest = shown if before is None else steps.steps_of(pk)[0]
    context: dict[str, Any] = {
        "title": process.type,
        "process": process,
        "condition": condition,
        "look": _look(process, condition),
        "notes": list(notes.on_process(process, condition, _last_move(newest))),
        "machine": _machine(process, condition),
        "steps": [(one, differences.between(one.before, one.step.state)) for one in shown],
        "older": older,
        "is_first_page": before is None,
        "latest": _last_move(newest),
        "began": steps.beginning_of(pk),
        "patience": processes.patience_of(process.type),
        "pictures": pictures(pk, more=steps.causes_of(newest)),
        "offers": by_hand.offers(request, process),
    }
    return respond(request, site, "streams/process", context)


def _last_move(shown: list[steps.ShownStep]) -> steps.ShownStep | None:
    """What brought it where it is."""
    return next((one for one in shown if one.commands or _has_moved(one.step)), None)


def _has_moved(step: ProcessStep) -> bool:
    return not step.refusal and step.source != step.target


def _look(process: Process, condition: str) -> looks.Look:
    return looks.of_process(process.status, condition)


def _machine(process: Process, condition: str) -> Any:
    way = steps.way_of(process.pk)
    lifecycle = steps.machine_of(process, way)
    return machine_figure(Machine(process.type, lifecycle, process.status, way.moves, condition), str(process.pk))


def read(reading: Reading) -> ProcessFilter:
    """What the list is narrowed to."""
    since, until = reading.time_range()
    return ProcessFilter(
        status=reading.text("status"),
        type=reading.text("type"),
        subject=reading.text("subject"),
        tenant=reading.text("tenant"),
        condition=reading.one_of("condition", processes.CONDITIONS),
        since=since,
        until=until,
    )


def _controls(reading: Reading, wanted: ProcessFilter) -> list[Control]:
    types = sorted({name for name, _ in PROCESSES} | {*names_in(TABLE, "type")})
    declared = PROCESSES.find(wanted.type)
    statuses = declared.lifecycle.states if declared else tuple(names_in(TABLE, "status"))
    conditions = [(name, name.capitalize()) for name in processes.CONDITIONS]
    return [
        controls.choose(reading, "type", "Type", [(name, name) for name in types]),
        controls.states(reading, statuses),
        controls.choose(reading, "condition", "Condition", conditions),
        controls.tenants(reading, "event"),
        controls.time(reading),
        controls.pasted(reading, "subject", "Subject"),
    ]
