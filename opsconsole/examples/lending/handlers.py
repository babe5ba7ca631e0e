"""Grants, and fees that were not charged: refused with the reason, or made and published."""

from opsconsole.engine import Cancel, Discard, Work, handles
from opsconsole.examples.lending.charging import outcome_now, record_of
from opsconsole.examples.lending.commands import ChargeLateFee, GrantBalances
from opsconsole.examples.lending.events import LateFeeNotCharged, stream_of_grant, stream_of_product
from opsconsole.examples.lending.granting import GrantRefused, grant
from opsconsole.examples.lending.models import LateFee
from opsconsole.streams import NEW, version_of


@handles(GrantBalances)
def grant_balances(command: GrantBalances, work: Work) -> None:
    """Of two that are made at the same time, one fails: its stream is no longer new."""
    stream = stream_of_grant(command.grant)
    if version_of(stream) != NEW:
        raise GrantRefused(command.grant, f"the grant {command.grant} was made already")
    work.emit(grant(command), stream=stream, expected=NEW)


@handles(ChargeLateFee)
def charge_late_fee(command: ChargeLateFee, work: Work) -> Cancel | Discard | None:
    """The row says whether it was charged, and stays locked: asked for twice, it is charged once."""
    rows = LateFee.objects.filter(product=command.product, on=command.on).exclude(reason="")
    row = rows.select_for_update(no_key=True).first()
    if row is None:
        return Cancel("it was charged, or the date has not begun")
    outcome = outcome_now(command.product, command.on)
    if isinstance(outcome, LateFeeNotCharged):
        return Discard(outcome.reason)
    charged = record_of(outcome, work.emit(outcome, stream=stream_of_product(command.product)))
    charged.pk = row.pk
    charged.save(force_update=True)
    return None
