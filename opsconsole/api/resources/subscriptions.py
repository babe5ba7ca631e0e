"""Subscriptions: how far each is, what it stopped at, and what is done about it.

They follow the events of all tenants: a token of one tenant sees none.
"""

from datetime import datetime
from html import unescape
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from ninja import Path, Query
from pydantic import BaseModel, Field

from opsconsole.api.bodies import WHOLE, Order, Reason, Shown
from opsconsole.api.mounting import Router
from opsconsole.api.needing import needs
from opsconsole.api.paging import Page
from opsconsole.api.problems import Problem, problems_of
from opsconsole.api.requests import ApiRequest
from opsconsole.console.streams import subscriptions as pages
from opsconsole.console.streams.offers import ACTS, Act
from opsconsole.console.streams.offers import Order as Asked
from opsconsole.streams.operations import Refused
from opsconsole.streams.queries import subscriptions
from opsconsole.streams.queries.subscriptions import Standing

router = Router()

Standings = Literal["stopped", "retrying", "orphaned", "behind", "paused", "delayed", "unseen", "live"]
Name = Annotated[str, Path(..., max_length=200)]


class SubscriptionsWanted(BaseModel):
    status: Standings | None = None


class SubscriptionBrief(Shown):
    """`head` is the end of the log; `behind` counts the positions up to it."""

    name: str
    kind: str
    status: Standings
    position: int | None
    head: int
    behind: int
    lag: float | None = Field(description="Seconds since the event that is next.")
    parked: int = Field(description="Events set aside with their streams.")
    is_rebuilding: bool


class Failure(Shown):
    """What it stopped at, or tries again."""

    position: int
    event_id: UUID | None
    failed_at: datetime | None
    tries: int
    error_class: str
    error: str
    traceback: str


class ParkedStream(Shown):
    stream: str
    events: int
    error_class: str
    error: str


class Skipped(Shown):
    position: int
    event_id: UUID | None
    by: str
    reason: str


class SubscriptionShown(SubscriptionBrief):
    failure: Failure | None
    reason: str = Field(description="Why it is paused.")
    parked_streams: list[ParkedStream]
    skipped: list[Skipped]


class StreamOrder(Order):
    stream: Annotated[str, Field(min_length=1, max_length=200)]


class SkipOrder(Order):
    reason: Reason
    position: Annotated[int, Field(strict=True, ge=1, lt=10**18), WHOLE] = Field(
        description="The one that it was seen to stop at."
    )


class SubscriptionTold(Shown):
    """What was done, in a sentence."""

    done: str


@router.get("", response=Page[SubscriptionBrief])
@needs("ops_streams.view_subscription")
def list_(request: ApiRequest, wanted: Query[SubscriptionsWanted]) -> Any:
    """All subscriptions, in one page; those that want to be seen first."""
    known = [] if request.caller.tenant else subscriptions.all_subscriptions()
    shown = [_brief(one) for one in known if wanted.status in (None, one.status)]
    return Page[SubscriptionBrief](items=[SubscriptionBrief(**one) for one in shown], next=None)


@router.get("/{name}", response={200: SubscriptionShown, **problems_of(404)})
@needs("ops_streams.view_subscription")
def show(request: ApiRequest, name: Name) -> Any:
    """One subscription: what it failed at, has set aside, and was told to skip."""
    standing = _found(request, name)
    parked = [
        ParkedStream(stream=one.stream, events=one.count, error_class=one.first.error_class, error=one.first.error)
        for one in subscriptions.parked_streams(name)[0]
    ]
    skipped = [
        Skipped(position=one.position, event_id=one.event_id, by=one.skipped_by, reason=one.reason)
        for one in subscriptions.skipped_by(name)[: subscriptions.SKIPPED]
    ]
    reason = standing.row.reason if standing.row else ""
    failure = _failure(standing)
    return SubscriptionShown(**_brief(standing), failure=failure, reason=reason, parked_streams=parked, skipped=skipped)


def _offer(act: Act, order_type: type[Order]) -> None:
    def do(request: ApiRequest, name: Name, order: Order | None = None) -> Any:
        standing = _found(request, name)
        if standing.row is None:
            raise Problem(409, "No dispatcher has seen it yet.", type="not-applicable")
        given = order.model_dump(mode="json") if order else {}
        row = standing.rebuild.row if act.name == "give_up" and standing.rebuild else standing.row
        asked = Asked(
            name=row.name, actor=request.caller.actor, reason=given.get("reason", ""),  # type: ignore[union-attr]
            given={key: str(value) for key, value in given.items()},
        )  # fmt: skip
        try:
            done = pages.perform(request, act, row, asked, via=request.caller.via)  # type: ignore[arg-type]
        except Refused as refusal:
            raise Problem(409, f"Nothing was done: {_plain(refusal.args[0])}.", type="not-applicable") from None
        return SubscriptionTold(done=f"{_plain(done)}.")

    if order_type is not Order:  # what it must be told is required then
        do.__annotations__["order"] = order_type
        do.__defaults__ = None
    do.__name__, do.__doc__ = act.name, act.explanation
    responses = {200: SubscriptionTold, **problems_of(404, 409)}
    router.post(f"/{{name}}/{act.name}", response=responses, summary=act.label)(needs(act.permission)(do))


ORDERS: dict[str, type[Order]] = {"skip": SkipOrder, "apply_parked": StreamOrder}

for _act in ACTS.values():
    _offer(_act, ORDERS.get(_act.name, Order))


def _plain(text: str) -> str:
    """What the console would show as HTML, as text."""
    return unescape(strip_tags(text)) if isinstance(text, SafeString) else text


def _found(request: ApiRequest, name: str) -> Standing:
    standing = None if request.caller.tenant else subscriptions.one_subscription(name)
    if standing is None:
        raise Problem(404, f"There is no subscription {name}.")
    return standing


def _brief(standing: Standing) -> dict[str, Any]:
    return {
        "name": standing.name,
        "kind": standing.kind,
        "status": standing.status,
        "position": standing.row.position if standing.row else None,
        "head": standing.head,
        "behind": standing.behind,
        "lag": standing.lag.total_seconds() if standing.lag is not None else None,
        "parked": standing.row.parked if standing.row else 0,
        "is_rebuilding": standing.rebuild is not None,
    }


def _failure(standing: Standing) -> Failure | None:
    row = standing.row
    if row is None or row.failed_position is None:
        return None
    return Failure(
        position=row.failed_position, event_id=row.failed_event_id, failed_at=row.failed_at, tries=row.failures,
        error_class=row.error_class, error=row.error, traceback=row.traceback,
    )  # fmt: skip
