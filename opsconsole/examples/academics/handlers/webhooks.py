"""Subscribers outside are told of every event that they asked for."""

from opsconsole.engine import Cancel, Event, Reacting, Work, handles, reacts_to
from opsconsole.examples.academics.commands import CallWebhook
from opsconsole.examples.academics.configuration import academics_settings
from opsconsole.examples.academics.events import ALL
from opsconsole.examples.academics.models import WebhookCall
from opsconsole.examples.academics.webhooks.calling import call, record_calls


@reacts_to(*ALL)
def tell_subscribers(event: Event, work: Reacting) -> None:
    for recorded in record_calls(event, work):
        work.send(CallWebhook(call_id=recorded.pk))


@handles(CallWebhook, atomic=False, threads=academics_settings().webhook_threads)
def call_webhook(command: CallWebhook, work: Work) -> Cancel | None:
    webhook = WebhookCall.objects.select_related("subscription").filter(pk=command.call_id).first()
    if webhook is None:
        return Cancel("the subscription was removed")
    if not webhook.subscription.is_active:
        return Cancel("the subscription was switched off")
    answer = call(webhook, command_id=work.id, key=work.idempotency_key)
    work.log("answered", status=answer.status)
    return None
