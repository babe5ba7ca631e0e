"""Schedules that a test declares, on a database with real commits; both are gone afterwards."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from opsconsole.engine.messages import COMMANDS
from opsconsole.engine.registry import HANDLERS
from opsconsole.schedules import Slot, scheduled
from opsconsole.schedules.declaring import DECLARED, PROBLEMS, Declaration
from opsconsole.schedules.models import Run, Schedule

NAME = "tests.schedule"


@pytest.fixture(autouse=True)
def _nothing_declared() -> Iterator[None]:
    """Whatever apps declare is out of the way, and whatever the test declares is forgotten."""
    registries: tuple[dict[str, Any], ...] = (DECLARED._items, COMMANDS._items, HANDLERS._items)
    before, problems = [dict(registry) for registry in registries], list(PROBLEMS)
    DECLARED._items.clear()
    PROBLEMS.clear()
    yield
    for registry, kept in zip(registries, before, strict=True):
        registry.clear()
        registry.update(kept)
    PROBLEMS[:] = problems


@pytest.fixture(autouse=True)
def _tables(request: pytest.FixtureRequest) -> Iterator[None]:
    """Real commits, unless the test asks for Django's own database."""
    if request.node.get_closest_marker("django_db"):
        yield
        return
    request.getfixturevalue("fresh_engine")
    yield
    Run.objects.all().delete()
    Schedule.objects.all().delete()


@pytest.fixture
def untroubled(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing went wrong on the way: a constraint that had to hold what the code should have seen is logged."""
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.levelname == "ERROR"] == []


@pytest.fixture
def ran() -> list[Slot]:
    """The slots that the declared function was called for."""
    return []


@pytest.fixture
def declare(ran: list[Slot]) -> Callable[..., Declaration]:
    """`declare(rule, **options)`: a schedule that notes its slots and does what `act` does."""

    def declare_one(rule: Any, *, name: str = NAME, act: Callable[..., Any] | None = None, **options: Any) -> Any:
        def note(slot: Slot, work: Any) -> Any:
            answer = act(slot, work) if act else None
            ran.append(slot)
            return answer

        scheduled(name, rule, **options)(note)
        return DECLARED.get(name)

    return declare_one
