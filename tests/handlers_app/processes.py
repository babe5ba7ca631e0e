"""A process that real worker processes run in the chaos tests: it is opened, acts, and is closed by what it caused."""

from typing import Self

from opsconsole.streams.processes import ProcessManager, begins_with, moves_on
from tests.handlers_app.messages import CloseMatter, Logged, MatterClosed


class Matter(
    ProcessManager,
    name="tests.matter",
    moves={"open": {"acted"}, "acted": {"closed"}, "closed": set()},
    start="beginning",
):
    number: int

    def subject(self) -> str:
        return str(self.number)

    @begins_with(Logged)
    @classmethod
    def opened(cls, event: Logged) -> Self | None:
        return cls(status="open", number=event.number) if event.opens else None

    @moves_on(MatterClosed)
    def happened(self, event: MatterClosed) -> Self:
        return self.to("acted" if self.status == "open" else "closed")

    def next_commands(self):
        if self.status != "closed":
            yield CloseMatter()
