"""Something to see on each of the pages for streams: rows as the past left them, of types that the examples declare."""

from collections.abc import Iterator
from urllib.parse import urlencode

from django.urls import reverse

from opsconsole.engine import sequencing
from opsconsole.engine.models import Event, Sequencer
from opsconsole.engine.models.stream import Stream
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams import moves
from opsconsole.streams.models import ParkedEvent, Process, SkippedEvent, Subscription
from tests.console.voyages import MINUTE, a_step
from tests.past import a_command, ago, an_event
from tests.streams import bank

VOIDING = "billing.document_voiding"


def pages_of_streams() -> Iterator[str]:
    """The addresses, once there is something to see on them."""
    stuck, overdue = (
        a_failed_voiding("document-1", at=20),
        a_failed_voiding("document-2", at=0, deadline_at=ago(MINUTE)),
    )
    events = an_account()
    troubled_subscriptions(events[0])
    for name in ("processes", "subscriptions", "streams"):
        yield reverse(f"admin:ops_{name}")
    yield reverse("admin:ops_processes") + "?condition=stuck&status=marking_failed&range=1h"
    yield reverse("admin:ops_processes") + "?condition=nonsense&subject=nobody"
    yield from (reverse("admin:ops_process", args=[process.pk]) for process in (stuck, overdue))
    for name in (VOIDING, "reports.documents", "lending.fees_owed", "lending.of_old"):
        yield reverse("admin:ops_subscription", args=[name])
    yield reverse("admin:ops_streams") + "?q=bank."
    yield reverse("admin:ops_streams") + "?q=nothing"
    yield f"{reverse('admin:ops_stream')}?{urlencode({'name': 'bank.account-1', 'version': 2})}"
    yield reverse("admin:ops_event", args=[events[0].pk])


def a_failed_voiding(subject: str, *, at: int, **columns: object) -> Process:
    """A process that waits for somebody to acknowledge its failure, since `at` minutes ago."""
    moves.keep()
    moment = ago(at * MINUTE)
    state = {"status": "voiding_requested", "document_id": str(uuid7()), "reason": ""}
    process = Process.objects.create(
        id=uuid7(), type=VOIDING, subject=subject, status="voiding_requested", is_live=True, state=state,
        created_at=moment, moved_at=moment,
    )  # fmt: skip
    event = an_event(type="billing.document_voiding_requested", at=moment)
    a_step(process, 1, "", "voiding_requested", state, at=moment, cause_id=event.pk)
    failed = {**state, "status": "marking_failed", "reason": "its report was published"}
    a_step(process, 2, "voiding_requested", "marking_failed", failed, at=moment)
    a_step(process, 2, "marking_failed", "marking_failed", failed, at=moment, refusal="cannot go there")
    a_command("error", cause_kind="event", cause_id=event.pk, correlation_id=process.pk, at=moment)
    Process.objects.filter(pk=process.pk).update(status="marking_failed", state=failed, version=2, **columns)
    return process


def an_account() -> list[Event]:
    """A stream of three events, the first ones of the log."""
    Stream.objects.create(id="bank.account-1", version=3)
    return [
        an_event(
            type=bank.Deposited.__contract__.name, data={"amount": amount}, stream="bank.account-1", version=amount,
            position=amount,
        )
        for amount in (1, 2, 3)
    ]  # fmt: skip


def troubled_subscriptions(event: Event) -> None:
    """One that stopped, one with a stream set aside, one that is rebuilt, one that no code answers to."""
    sequencing.begin()
    Sequencer.objects.update(position=3)
    failure = {"error_class": "ValueError", "error": "no such report " * 20, "traceback": "File a.py\n" * 5}
    Subscription.objects.all().delete()
    for name, kind, columns in (
        (VOIDING, "process", {
            "status": "stopped", "failed_position": 1, "failed_event_id": event.pk, "failed_at": clock.now(), **failure
        }),
        ("reports.documents", "subscription", {"position": 2, "parked": 1, "rate": 12.5, "seen_at": clock.now()}),
        ("lending.fees_owed", "projection", {"position": 3}),
        ("lending.fees_owed#rebuild", "projection", {"position": 1, "shadow_of": "lending.fees_owed", "rate": 1.0}),
        ("lending.of_old", "projection", {"status": "paused", "paused_by": "ben", "reason": "the server moves"}),
    ):  # fmt: skip
        Subscription.objects.create(**{"name": name, "kind": kind, "position": 0, **columns})
    ParkedEvent.objects.create(
        subscription="reports.documents", stream="bank.account-1", position=1, event_id=event.pk, **failure
    )
    SkippedEvent.objects.create(
        subscription=VOIDING, position=2, event_id=event.pk, skipped_by="ana", reason="was a test", error="no"
    )
