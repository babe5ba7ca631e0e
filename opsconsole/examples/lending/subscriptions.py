"""Late fees are charged whenever a business date begins."""

from opsconsole.examples.lending.charging import fees_for, record_of
from opsconsole.examples.lending.configuration import lending_settings
from opsconsole.examples.lending.events import SystemCycled, stream_of_product
from opsconsole.examples.lending.models import LateFee
from opsconsole.streams import Following, subscribes

_settings = lending_settings()


@subscribes(
    "lending.late_fees",
    to=[SystemCycled],
    start="end",  # nobody is charged for the time before
    start_delay=_settings.start_delay,
    jitter=_settings.jitter,
)
def charge_late_fees(event: SystemCycled, following: Following) -> None:
    """Every fee is a child of the event; the rows commit with it, and with the position in the log."""
    position = following.recorded.position
    assert position is not None, "whoever follows the log is told of positions only"  # noqa: S101
    LateFee.objects.bulk_create(
        record_of(charged, following.emit(charged, stream=stream_of_product(charged.product)))
        for charged in fees_for(event.date, position=position)
    )
