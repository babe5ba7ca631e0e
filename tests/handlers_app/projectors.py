"""Read models that real worker processes keep in the chaos tests; each event must be behind the last one."""

from opsconsole.streams.projectors import RowProjector, projects
from opsconsole.streams.subscribing import subscribes
from tests.handlers_app.messages import Logged
from tests.handlers_app.models import Entry, Tally


class OutOfOrder(Exception):
    pass


class TalliesOfTheLog(RowProjector, name="tests.tallies_of_the_log", models=[Tally], page=200):
    @projects(Logged, row=lambda event: event.key)
    def logged(self, row, event, recorded):
        if recorded.position <= row.last:
            raise OutOfOrder(f"{recorded.position} after {row.last}")
        row.count += 1
        row.total = (row.total * 31 + event.number) % 1_000_003  # depends on the order
        row.last = recorded.position


@subscribes("tests.ledger_of_the_log", to=[Logged])
def note(event, following):
    Entry.objects.create(command_id=following.recorded.id)
