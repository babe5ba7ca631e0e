"""Grants: refused with the reason, or made and published."""

from opsconsole.engine import Work, handles
from opsconsole.examples.lending.commands import GrantBalances
from opsconsole.examples.lending.events import stream_of_grant
from opsconsole.examples.lending.granting import grant
from opsconsole.streams import NEW


@handles(GrantBalances)
def grant_balances(command: GrantBalances, work: Work) -> None:
    """A grant that has been made already fails: its stream is no longer new."""
    work.emit(grant(command), stream=stream_of_grant(command.grant), expected=NEW)
