"""The demonstration's webhook subscriber."""

from opsconsole.examples.academics.events import ClassActivityCreated, InstitutionCreated, StudentCreated
from opsconsole.examples.academics.models import WebhookSubscription
from opsconsole.examples.academics.webhooks.sink import WebhookSink

NAME = "Demonstration partner"
BUSY = 0.1
INTERESTS = (InstitutionCreated, StudentCreated, ClassActivityCreated)


def open_partner() -> WebhookSink:
    """Start a subscriber on a free port, and point its subscription there."""
    partner, _ = WebhookSubscription.objects.get_or_create(
        name=NAME,
        defaults={
            "url": "http://127.0.0.1/",
            "event_types": [event.__contract__.name for event in INTERESTS],
        },
    )
    sink = WebhookSink(lambda: partner.key, busy=BUSY)
    WebhookSubscription.objects.filter(pk=partner.pk).update(url=sink.url)
    sink.start()
    return sink
