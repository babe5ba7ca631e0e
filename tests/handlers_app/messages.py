"""Messages without a meaning, one a way of being run."""

from typing import Any

from opsconsole.engine import Command, Event, Exponential, Fixed


class Happened(Event, name="tests.happened"):
    number: int = 0
    text: str = ""
    anything: Any = None


class Ignored(Event, name="tests.ignored", heeds_tenant=True):
    """Nothing reacts to it."""

    number: int = 0


class Inner(Event, name="tests.inner", internal=True):
    """Nobody outside emits it."""


class Act(Command, name="tests.act", heeds_tenant=True):
    number: int = 0
    text: str = ""
    anything: Any = None


class ActAgain(Command, name="tests.act_again", retry=Fixed(every=60, times=2)):
    """Two retries, a minute apart."""

    number: int = 0


class ActSoon(Command, name="tests.act_soon", retry=Exponential(first=0.1, times=9)):
    number: int = 0


class ActUrgently(Command, name="tests.act_urgently", priority=-5):
    number: int = 0


class ActElsewhere(Command, name="tests.act_elsewhere", queue="elsewhere"):
    number: int = 0


class ActOutside(Command, name="tests.act_outside", retry=Fixed(every=60, times=2)):
    """Runs outside any transaction."""

    number: int = 0


class ActTogether(Command, name="tests.act_together"):
    """Runs outside any transaction, four at a time."""

    number: int = 0


class ActBriefly(Command, name="tests.act_briefly", timeout=0.2):
    """A worker that needs longer counts as lost."""

    number: int = 0


class ActVersioned(Command, name="tests.act_versioned", version=2):
    """Was `count` in version 1, is `number` now."""

    number: int

    @classmethod
    def upcast(cls, payload: dict[str, Any], version: int) -> dict[str, Any]:
        return {"number": payload["count"]}


class Record(Command, name="tests.record", retry=Exponential(first=0.2, times=9)):
    """Write one ledger entry: the effect that the chaos tests count."""

    number: int = 0
    milliseconds: int = 0


class RecordOutside(Command, name="tests.record_outside", retry=Fixed(every=0.2, times=9)):
    """The same outside a transaction, several at a time."""

    number: int = 0
    milliseconds: int = 0


class KillWorker(Command, name="tests.kill_worker"):
    """Poison: its worker dies of it."""


class KillWorkerOutside(Command, name="tests.kill_worker_outside"):
    """Poison among commands that run at the same time."""

    is_deadly: bool = False
    milliseconds: int = 0


class Wait(Command, name="tests.wait"):
    """Runs until a row with this text stands in the ledger, then writes its own."""

    text: str


class Hang(Command, name="tests.hang", timeout=1.0):
    """Never ends."""


class Fatal(Event, name="tests.fatal"):
    """The worker that reacts to it dies, if it is deadly."""

    is_deadly: bool = False
    number: int = 0


class Logged(Event, name="tests.logged"):
    """Followed by a projection, a ledger and, when it opens a matter, a process."""

    number: int
    key: str = "a"
    opens: bool = False


class CloseMatter(Command, name="tests.close_matter", retry=Exponential(first=0.2, times=9)):
    """Emits MatterClosed, in the flow of whoever sent it."""


class MatterClosed(Event, name="tests.matter_closed"):
    pass
