"""The graph of a flow: complete for small flows, readable and bounded for large ones."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from opsconsole.engine.models import Command, Step, Workflow
from opsconsole.engine.queries import flows
from opsconsole.engine.queries.flows import read_flow
from opsconsole.engine.queries.lineage import FAN_OUT, NODES, Graph, Node, graph_of, lineage
from opsconsole.kernel.identifiers import uuid7, uuid7_at
from tests.past import a_batch, a_command, ago, an_event, caused_by, members

pytestmark = pytest.mark.django_db


def names(graph: Graph) -> list[str]:
    return [node.item.name for node in graph.nodes]


def arrows(graph: Graph) -> set[tuple[str, str, str]]:
    """Links as (cause's name, effect's name, kind)."""
    named = {node.key: node.item.name for node in graph.nodes}
    return {(named[link.source], named[link.target], link.kind) for link in graph.links}


def the(graph: Graph, name: str) -> Node:
    (node,) = [node for node in graph.nodes if node.item.name == name]
    return node


def test_causes_and_effects_are_found_from_every_item_of_the_flow() -> None:
    event = an_event(type="t.event")
    command = a_command(type="t.command", **caused_by(event))
    raised = an_event(type="t.raised", **caused_by(command))
    last = a_command(type="t.last", **caused_by(raised))
    for kind, row in (("event", event), ("command", command), ("event", raised), ("command", last)):
        graph = lineage(event.correlation_id, (kind, row.pk))
        assert names(graph) == ["t.event", "t.command", "t.raised", "t.last"]
        assert arrows(graph) == {
            ("t.event", "t.command", "cause"),
            ("t.command", "t.raised", "cause"),
            ("t.raised", "t.last", "cause"),
        }
        assert [node.is_focus for node in graph.nodes].count(True) == 1


def test_members_of_a_batch_are_one_node_with_counts() -> None:
    event = an_event(type="t.event")
    batch = a_batch(12, name="t.batch", **caused_by(event))
    members(batch, success=7, error=2, pending=3)
    a_command("awaiting", type="t.next", release_on="success", **caused_by(batch))
    graph = lineage(event.correlation_id)
    assert names(graph) == ["t.event", "t.batch", "t.next"]
    assert the(graph, "t.batch").counts == {"success": 7, "error": 2, "pending": 3}
    assert arrows(graph) == {("t.event", "t.batch", "cause"), ("t.batch", "t.next", "next")}


def test_a_healed_member_counts_as_healed_and_its_reprocessing_not_at_all() -> None:
    batch = a_batch(2, name="t.batch")
    (failed, _) = members(batch, error=1, success=1)
    again = a_command(batch_id=batch.pk, **(caused_by(batch) | {"cause_kind": "reprocess", "cause_id": failed}))
    Command.objects.filter(pk=failed).update(healed_by=again.pk)
    assert the(lineage(batch.correlation_id), "t.batch").counts == {"success": 1, "healed": 1}


def test_a_member_looked_at_hangs_on_its_batch_with_its_reprocessings() -> None:
    event = an_event(type="t.event")
    batch = a_batch(3, name="t.batch", **caused_by(event))
    failed, *_ = members(batch, error=3)
    a_command(
        type="t.again",
        batch_id=batch.pk,
        **(caused_by(batch) | {"cause_kind": "reprocess", "cause_id": failed}),
    )
    graph = lineage(event.correlation_id, ("command", failed))
    assert Counter(names(graph)) == Counter(["t.event", "t.batch", "tests.act", "t.again"])
    assert ("t.batch", "tests.act", "cause") in arrows(graph)
    assert ("tests.act", "t.again", "reprocess") in arrows(graph)


def test_a_reprocessing_of_a_member_shows_its_root() -> None:
    batch = a_batch(2, name="t.batch")
    failed, _ = members(batch, error=2)
    again = a_command(
        type="t.again",
        batch_id=batch.pk,
        **(caused_by(batch) | {"cause_kind": "reprocess", "cause_id": failed}),
    )
    graph = lineage(batch.correlation_id, ("command", again.pk))
    assert arrows(graph) == {("t.batch", "tests.act", "cause"), ("tests.act", "t.again", "reprocess")}


def test_what_a_member_set_off_hangs_on_the_batch() -> None:
    batch = a_batch(2, name="t.batch")
    member, _ = members(batch, success=2)
    an_event(type="t.raised", cause_kind="command", cause_id=member, correlation_id=batch.correlation_id)
    assert arrows(lineage(batch.correlation_id)) == {("t.batch", "t.raised", "cause")}


def test_many_alike_become_one_counted_node() -> None:
    event = an_event(type="t.event")
    for number in range(FAN_OUT + 4):
        a_command("error" if number == 0 else "success", type="t.many", **caused_by(event))
    a_command(type="t.other", **caused_by(event))
    graph = lineage(event.correlation_id)
    fold = the(graph, "t.many")
    assert fold.is_fold and fold.counts == {"error": 1, "success": FAN_OUT + 3}
    assert fold.status == "error"
    assert sorted(names(graph)) == ["t.event", "t.many", "t.other"]


def test_a_few_alike_stay_single() -> None:
    event = an_event()
    for _ in range(FAN_OUT):
        a_command(type="t.few", **caused_by(event))
    assert len(lineage(event.correlation_id).nodes) == 1 + FAN_OUT


def test_the_item_looked_at_and_the_way_to_it_are_never_folded() -> None:
    event = an_event(type="t.event")
    commands = [a_command(type="t.many", **caused_by(event)) for _ in range(20)]
    effects = [an_event(type="t.raised", **caused_by(command)) for command in commands]
    graph = lineage(event.correlation_id, ("event", effects[3].pk))
    assert sorted((node.item.name, len(node.items)) for node in graph.nodes) == [
        ("t.event", 1),
        ("t.many", 1),
        ("t.many", 19),
        ("t.raised", 1),
        ("t.raised", 19),
    ]
    focus = next(node for node in graph.nodes if node.is_focus)
    (link,) = [link for link in graph.links if link.target == focus.key]
    assert link.source == f"command-{commands[3].pk}"


def a_workflow(*steps: tuple[str, list[str]]) -> Workflow:
    """A workflow of commands named like their steps."""
    identifier = uuid7()
    workflow = Workflow.objects.create(
        id=identifier, name="t.workflow", correlation_id=identifier, created_at=ago(timedelta())
    )
    for number, (name, after) in enumerate(steps, 1):
        command = a_command("awaiting", type=f"t.{name}", **caused_by(workflow))
        step = Step.objects.create(
            workflow=workflow,
            name=name,
            number=number,
            after=after,
            target_kind="command",
            target_id=command.pk,
        )
        Command.objects.filter(pk=command.pk).update(step_id=step.pk)
    return workflow


def test_steps_of_a_workflow_stand_in_their_order() -> None:
    workflow = a_workflow(("first", []), ("left", ["first"]), ("right", ["first"]), ("last", ["left", "right"]))
    graph = lineage(workflow.correlation_id)
    assert arrows(graph) == {
        ("t.workflow", "t.first", "step"),
        ("t.first", "t.left", "step"),
        ("t.first", "t.right", "step"),
        ("t.left", "t.last", "step"),
        ("t.right", "t.last", "step"),
    }
    assert the(graph, "t.last").step == "last"


def test_a_large_batch_costs_no_more_queries_than_a_small_one(django_assert_max_num_queries: Any) -> None:
    event = an_event()
    batch = a_batch(5_000, **caused_by(event))
    focus = members(batch, success=4_900, error=100)[2_500]
    with django_assert_max_num_queries(30):
        flow = read_flow(event.correlation_id, ("command", focus))
    assert len(flow.items) == 3
    assert flow.items["batch", batch.pk].members == {"success": 4_900, "error": 100}


def test_a_flow_too_large_to_be_read_shows_its_ends_and_the_surroundings_of_the_focus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flows, "SCAN", 40)
    monkeypatch.setattr(flows, "WINDOW", 10)
    start = ago(timedelta(hours=1))
    event = an_event(at=start)
    rows = [
        Command(
            id=uuid7_at(start + timedelta(seconds=number)), type=f"t.{number}", payload={}, not_before=start,
            created_at=start, **caused_by(event),
        )
        for number in range(1, 400)
    ]  # fmt: skip
    Command.objects.bulk_create(rows)
    flow = read_flow(event.correlation_id, ("command", rows[200].pk))
    read = {item.name for item in flow.items.values() if item.kind == "command"}
    assert {"t.1", "t.10", "t.191", "t.201", "t.211", "t.390", "t.399"} <= read
    assert len(read) < 60
    assert flow.is_cut
    assert ("event", event.pk) in flow.items


def test_a_picture_too_large_keeps_what_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    cause: Any = an_event(type="t.0")
    focus = cause
    for number in range(1, 30):
        cause = a_command(type=f"t.{number}", **caused_by(cause))
        focus = cause if number == 20 else focus
    monkeypatch.setattr("opsconsole.engine.queries.lineage.NODES", 11)
    graph = graph_of(read_flow(cause.correlation_id, ("command", focus.pk)))
    assert names(graph) == [f"t.{number}" for number in range(15, 26)]
    assert graph.hidden == 19
    assert NODES == 300


def test_a_cause_that_is_gone_leaves_its_effect_without_an_arrow() -> None:
    command = a_command(type="t.orphan", cause_kind="event", cause_id=uuid7())
    graph = lineage(command.correlation_id, ("command", command.pk))
    assert (names(graph), graph.links) == (["t.orphan"], [])


def test_a_flow_that_does_not_exist_is_an_empty_graph() -> None:
    assert lineage(uuid7()).nodes == []
