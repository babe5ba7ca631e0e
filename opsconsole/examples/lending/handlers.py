"""Grants: refused with the reason, or made and published."""

from opsconsole.engine import Work, handles
from opsconsole.examples.lending.commands import GrantBalances
from opsconsole.examples.lending.events import stream_of_grant
from opsconsole.examples.lending.granting import GrantRefused, grant
from opsconsole.streams import NEW, version_of


@handles(GrantBalances)
def grant_balances(command: GrantBalances, work: Work) -> None:
    """Of two that are made at the same time, one fails: its stream is no longer new."""
    stream = stream_of_grant(command.grant)
    if version_of(stream) != NEW:
        raise GrantRefused(command.grant, f"the grant {command.grant} was made already")
    work.emit(grant(command), stream=stream, expected=NEW)
