"""The way an item has come through its lifecycle, as far as its row tells."""

from django.utils.safestring import SafeString

from opsconsole.console.pictures.lifecycle import lifecycle_svg
from opsconsole.engine.queries.items import Item
from opsconsole.engine.states import AWAITING, BATCH, CANCELLED, COMMAND, EVENT, PENDING, PROCESSING, WORKFLOW

LIFECYCLES = {"event": EVENT, "command": COMMAND, "batch": BATCH, "workflow": WORKFLOW}


def way_svg(item: Item) -> SafeString:
    """The lifecycle of `item`, its state lit."""
    return lifecycle_svg(LIFECYCLES[item.kind], item.status, way_to(item))


def way_to(item: Item) -> list[str]:
    """The states that `item` has left, in their order."""
    if item.kind == "workflow":  # it is stored as processing
        return [] if item.status == PROCESSING else [PROCESSING]
    held = [AWAITING] if item.release_on or item.step_id else []
    has_run = item.started_at is not None
    if item.status == AWAITING:
        return []
    if item.status == CANCELLED and not has_run:
        return held or [PENDING]
    if item.status == PENDING:
        return held + ([PENDING, PROCESSING] if item.attempts else [])
    tries_before = item.attempts if item.status == PROCESSING else item.attempts - 1
    again = [PROCESSING, PENDING] if tries_before > 0 else []
    return [*held, PENDING, *again, *([PROCESSING] if has_run and item.status != PROCESSING else [])]
