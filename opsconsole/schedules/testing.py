"""The test kit: begin schedules, and see what ran.

`opsconsole.engine.testing.run_until_idle()` then fires what is due by the clock, which `frozen_at()` stops.
"""

from opsconsole.schedules.declaring import DECLARED
from opsconsole.schedules.enrolling import enrol
from opsconsole.schedules.models import Run


def begin(*names: str) -> None:
    """As if a dispatcher saw these declarations (all, when none is named) now for the first time.

    Without it no schedule fires in a test. Raises UnknownName.
    """
    enrol([DECLARED.get(name) for name in names] if names else None)


def runs_of(name: str) -> list[Run]:
    """The runs of a schedule, in order."""
    return list(Run.objects.filter(schedule=name).order_by("id"))
