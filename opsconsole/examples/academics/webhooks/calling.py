"""From an event to calls, from a call to tries."""

import json
import time
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from opsconsole.engine import Event, Reacting
from opsconsole.examples.academics.configuration import academics_settings
from opsconsole.examples.academics.models import WebhookAttempt, WebhookCall, WebhookSubscription
from opsconsole.kernel import clock
from opsconsole.kernel.addresses import ForbiddenAddress, target
from opsconsole.kernel.calling import Answer, NoAnswer, post
from opsconsole.kernel.signing import sign


class CallFailed(Exception):
    """The subscriber could not be told; the text says why."""


def subscribers(event_type: str, tenant: str) -> QuerySet[WebhookSubscription]:
    """Who wants to hear of such an event of that tenant."""
    everybody = Q(institution__isnull=True)
    own = Q(institution_id=int(tenant)) if tenant.isdecimal() else Q()
    return WebhookSubscription.objects.filter(
        everybody | own if own else everybody, is_active=True, event_types__contains=[event_type]
    )


def record_calls(event: Event, work: Reacting) -> list[WebhookCall]:
    """A call for each subscriber, stored with its body, which is the same at every try."""
    event_type = type(event).__contract__.name
    body = {
        "id": str(work.event_id),
        "type": event_type,
        "occurred_at": work.occurred_at.isoformat(),
        "tenant": work.tenant,
        "data": event.model_dump(mode="json"),
    }
    return WebhookCall.objects.bulk_create(
        WebhookCall(subscription=subscription, event_id=work.event_id, event_type=event_type, body=body)
        for subscription in subscribers(event_type, work.tenant)
    )


def call(webhook: WebhookCall, *, command_id: UUID, key: str) -> Answer:
    """Try to tell the subscriber once, and remember what came of it; raises CallFailed."""
    started_at, begun = clock.now(), time.monotonic()
    answer, problem = None, ""
    try:
        answer = _post(webhook, key)
    except (NoAnswer, ForbiddenAddress, OSError) as error:
        problem = str(error) or type(error).__name__
    attempt = WebhookAttempt(
        command_id=command_id,
        started_at=started_at,
        latency=timedelta(seconds=answer.latency if answer else time.monotonic() - begun),
        status_code=answer.status if answer else None,
        response_body=answer.body if answer else "",
        problem=problem,
    )
    is_success = answer is not None and 200 <= answer.status < 300
    _remember(webhook, attempt, is_success)
    if answer is None or not is_success:
        raise CallFailed(problem or f"{webhook.subscription.url} answered {attempt.status_code}")
    return answer


def _post(webhook: WebhookCall, key: str) -> Answer:
    settings = academics_settings()
    subscription = webhook.subscription
    where = target(subscription.url, allowed_hosts=settings.webhook_hosts, loopback=settings.webhook_loopback)
    body = json.dumps(webhook.body, separators=(",", ":"), sort_keys=True).encode()
    timestamp = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "opsconsole-academics",
        "Idempotency-Key": key,
        "webhook-id": str(webhook.pk),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(subscription.key, str(webhook.pk), timestamp, body),
    }
    return post(where, body, headers, timeout=settings.webhook_timeout)


@transaction.atomic
def _remember(webhook: WebhookCall, attempt: WebhookAttempt, is_success: bool) -> None:
    locked = WebhookCall.objects.select_for_update().get(pk=webhook.pk)
    attempt.call, attempt.number = locked, locked.attempts.count() + 1
    attempt.save(force_insert=True)
    if is_success and locked.delivered_at is None:
        locked.delivered_at = clock.now()
        locked.save(update_fields=["delivered_at"])
