"""Events: listed, shown, emitted, and given to their reactions again."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Status
from pydantic import Field

from opsconsole.api.bodies import Body
from opsconsole.api.mounting import Router
from opsconsole.api.needing import needs
from opsconsole.api.paging import Page, next_of
from opsconsole.api.problems import problems_of
from opsconsole.api.requests import ApiRequest
from opsconsole.api.resources import acts
from opsconsole.api.resources.filters import EventsWanted, filter_of, page_of
from opsconsole.api.resources.finding import found
from opsconsole.api.resources.lineage import LineageWanted, lineage_of
from opsconsole.api.resources.shown import EventBrief, EventShown, Try
from opsconsole.api.sending import refuse_events_of_streams, type_for, validated
from opsconsole.engine import emit
from opsconsole.engine.messages import EVENTS
from opsconsole.engine.models import Event
from opsconsole.engine.queries import details, lists

router = Router()


class NewEvent(Body):
    """Something that happened."""

    type: Annotated[str, Field(max_length=200)] = Field(examples=["academics.student_created"])
    data: dict[str, Any] = Field(default_factory=dict, description="As the type says.")
    tenant: Annotated[str, Field(max_length=100)] | None = None


@router.get("", response=Page[EventBrief])
@needs("ops_engine.view_event")
def list_(request: ApiRequest, wanted: Query[EventsWanted]) -> Any:
    """Events, the newest first."""
    narrowed = filter_of("event", wanted, request.caller)
    page = page_of(lists.EVENTS, narrowed, wanted)
    return Page[EventBrief](items=list(map(EventBrief.model_validate, page.rows)), next=next_of(request, page.older))


@router.post("", response={201: EventBrief, **problems_of(409)})
@needs("ops_api.emit_event")
def emit_(request: ApiRequest, event: NewEvent, response: HttpResponse) -> Any:
    """Record that something happened; its reactions run as soon as a worker is free."""
    tenant = request.caller.acting_in(event.tenant)
    message = type_for(request.caller, EVENTS, event.type)
    refuse_events_of_streams(event.type)
    identifier = emit(validated(message, event.data, "data"), tenant=tenant)
    response.headers["Location"] = f"{request.path}/{identifier}"
    return Status(201, EventBrief.model_validate(lists.EVENTS.get(pk=identifier)))


def find(request: ApiRequest, identifier: UUID) -> Event:
    return found(request, Event, identifier)


acts.offer(router, "event", find)


@router.get("/{identifier}", response={200: EventShown, **problems_of(404)})
@needs("ops_engine.view_event")
def show(request: ApiRequest, identifier: UUID, lineage: LineageWanted = "full") -> Any:
    """One event with its data, its tries and its flow."""
    event: Any = find(request, identifier)
    event.tries = list(map(Try.model_validate, details.attempts_of(event.pk).rows))
    event.lineage = lineage_of(event, request.caller, lineage)
    return EventShown.model_validate(event)
