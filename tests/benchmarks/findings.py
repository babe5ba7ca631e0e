"""What was found: a figure, what it was compared with, and the bar it must pass."""

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A measured figure. With `against` it is a ratio of ours to theirs; `bar` is the least that is acceptable
    (the most when `lower_is_better`), `aim` what is wished for."""

    name: str
    value: float
    unit: str
    compared: str
    ours: float | None = None
    against: float | None = None
    bar: float | None = None
    aim: float | None = None
    lower_is_better: bool = False
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def passes(self) -> bool | None:
        """None when nothing is demanded."""
        if self.bar is None:
            return None
        return self.value <= self.bar if self.lower_is_better else self.value >= self.bar

    @property
    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "passes": self.passes}

    def __str__(self) -> str:
        mark = {None: " ", True: "✓", False: "✗"}[self.passes]
        figures = f" ({self.ours:,.0f} against {self.against:,.0f})" if self.against is not None else ""
        wanted = f"  [{'≤' if self.lower_is_better else '≥'} {self.bar:g}" if self.bar is not None else ""
        if wanted:
            wanted += f", aim {self.aim:g}]" if self.aim is not None else "]"
        return f"{mark} {self.value:>9,.2f} {self.unit:<8} {self.name}: {self.compared}{figures}{wanted}"


def ratio(name: str, ours: list[float], theirs: list[float], **more: Any) -> Finding:
    """The median of the rounds' ratios: what disturbs both sides of a round does not matter."""
    return Finding(
        name=name,
        value=round(median(one / other for one, other in zip(ours, theirs, strict=True)), 3),
        unit="×",
        ours=median(ours),
        against=median(theirs),
        details={"ours": ours, "theirs": theirs, **more.pop("details", {})},
        **more,
    )
