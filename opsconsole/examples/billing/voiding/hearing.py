"""Whether billing, reports and the process between them hear of one another."""

from collections.abc import Iterator

from opsconsole.examples.billing.processes import DocumentVoiding
from opsconsole.streams.models import Subscription
from opsconsole.streams.states import RUNNING

WITHOUT = {
    DocumentVoiding.type_name: "what is asked for below does not begin, or does not go on",
    "reports.documents": "reports do not hear of new documents, nor of those that billing has voided",
}


def resting() -> Iterator[tuple[Subscription, str]]:
    """The subscriptions that do not run, each with what does not happen meanwhile."""
    rows = Subscription.objects.filter(name__in=WITHOUT).exclude(status=RUNNING)
    for row in rows.only("name", "status").order_by("name"):
        yield row, WITHOUT[row.name]
