"""A token of one tenant: nothing that it is told names a row of another one, cursors among it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from opsconsole.engine.models import Workflow
from opsconsole.engine.queries import flows
from opsconsole.engine.queries.filters import EventFilter, Filter
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams.models import Process
from opsconsole.streams.queries import processes
from opsconsole.streams.queries.processes import ProcessFilter
from tests.api.callers import Program, a_program
from tests.past import a_batch, a_command, an_event, caused_by

pytestmark = pytest.mark.django_db

SEE = (*(f"ops_engine.view_{kind}" for kind in ("event", "command", "batch", "workflow")), "ops_streams.view_process")
ROWS = 2  # looked at in one walk: as many as a page and the row after it


def a_workflow(tenant: str) -> Any:
    return Workflow.objects.create(name="tests.flow", status="error", correlation_id=uuid7(), tenant=tenant)


def a_process(tenant: str) -> Any:
    late = clock.now() - timedelta(days=400)
    return Process.objects.create(
        id=uuid7(), type="tests.matter", subject=str(uuid7()), status="open", is_live=True, state={}, tenant=tenant,
        moved_at=late,
    )  # fmt: skip


LISTS: list[tuple[str, Callable[[str], Any], dict[str, str]]] = [
    ("events", lambda tenant: an_event("error", tenant=tenant), {"status": "error"}),
    ("events", lambda tenant: an_event("error", tenant=tenant), {"type": "tests.happened", "status": "success"}),
    ("commands", lambda tenant: a_command("error", tenant=tenant), {"status": "error"}),
    ("commands", lambda tenant: a_command("error", tenant=tenant), {"queue": "rare"}),
    ("batches", lambda tenant: a_batch(1, "error", tenant=tenant), {"status": "error"}),
    ("workflows", a_workflow, {}),
    ("workflows", a_workflow, {"status": "error"}),
    ("workflows", a_workflow, {"status": "success"}),
    ("processes", a_process, {}),
    ("processes", a_process, {"status": "open"}),
    ("processes", a_process, {"condition": "live"}),
    ("processes", a_process, {"condition": "stuck"}),
    ("processes", a_process, {"condition": "ended"}),
]


@pytest.fixture
def _short_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in (Filter, EventFilter, ProcessFilter):
        monkeypatch.setattr(one.searches, "__defaults__", (ROWS,))
    monkeypatch.setattr(processes, "FEW", 0)


def cursors(program: Program, url: str, query: dict[str, str]) -> tuple[list[str], list[str]]:
    """All pages: the cursors that were told, and the ids."""
    given = query = {**query, "limit": "1"}
    told, found = [], []
    while True:
        page = program.get(url, given).json()
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            return told, found
        (cursor,) = parse_qs(urlsplit(page["next"]).query)["cursor"]
        told.append(cursor)
        given = {**query, "cursor": cursor}


@pytest.mark.usefixtures("_short_walks")
@pytest.mark.parametrize(("kind", "make", "query"), LISTS)
def test_a_search_that_was_cut_goes_on_at_a_row_of_the_tenant(
    kind: str, make: Callable[[str], Any], query: dict[str, str]
):
    rows = [make(tenant) for tenant in ("a", "b", "b", "b", "a", "b", "b", "b", "a", "b")]
    mine = {str(row.pk) for row in rows if row.tenant == "a"}
    told, found = cursors(a_program(*SEE, tenant="a"), f"/api/v1/{kind}", query)
    assert {*told, *found} <= mine
    assert set(found) in (mine, set())


def test_what_others_have_in_a_flow_takes_no_place_in_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(flows, "WINDOW", 2)
    monkeypatch.setattr(flows, "CHILDREN", 2)
    event = an_event(tenant="a")
    rows = [a_command(tenant=tenant, type=f"t.{tenant}", **caused_by(event)) for tenant in ("b" * 5 + "aa" + "b" * 5)]
    shown = a_program(*SEE, tenant="a").get(f"/api/v1/events/{event.pk}").json()["lineage"]
    mine = {str(row.pk) for row in rows if row.tenant == "a"}
    assert {node["id"] for node in shown["nodes"]} == {str(event.pk), *mine}
    assert (shown["isCut"], shown["hidden"], len(shown["links"])) == (False, 0, 2)
    assert a_program(*SEE).get(f"/api/v1/events/{event.pk}").json()["lineage"]["isCut"]


@pytest.mark.parametrize("kind", ["events", "commands", "batches", "workflows", "processes"])
def test_whoever_asks_for_another_tenant_is_told_of_nothing_without_a_look(kind: str):
    program = a_program(*SEE, tenant="a")
    with CaptureQueriesContext(connection) as asked:
        assert program.get(f"/api/v1/{kind}", {"tenant": "b"}).json() == {"items": [], "next": None}
    assert not [one for one in asked if "seen WHERE matches" in one["sql"]]
