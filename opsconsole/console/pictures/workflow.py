"""A workflow as a picture: its steps in their order, each leading to its command or batch."""

from collections.abc import Callable, Sequence

from django.utils.safestring import SafeString

from opsconsole.console.pictures.graph import Arrow, Box, graph_svg
from opsconsole.console.words import counted
from opsconsole.engine.models import Step


def workflow_svg(
    name: str, steps: Sequence[Step], address: Callable[[Step], str], *, focus: object | None = None
) -> SafeString:
    """The steps of a workflow; `address` tells where a step leads, `focus` is the id of the step looked at."""
    known = {step.name for step in steps}
    arrows = [Arrow(before, step.name, "step") for step in steps for before in step.after if before in known]
    return graph_svg(
        [_box(step, address(step), is_focus=step.id == focus) for step in steps],
        arrows,
        label=f"Workflow {name}: {counted(len(steps), 'step')}, first ones left",
        css="pic-workflow",
    )


def _box(step: Step, address: str, *, is_focus: bool) -> Box:
    return Box(
        key=step.name,
        kind=step.target_kind,
        status=step.status,
        name=step.name,
        word=step.status,
        aside=step.target_kind,
        address=address,
        described=f"step {step.number} {step.name}, a {step.target_kind}, {step.status}",
        is_stack=step.target_kind == "batch",
        is_focus=is_focus,
    )
