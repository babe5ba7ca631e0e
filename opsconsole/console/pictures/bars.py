"""Small pictures: how many of what, and how it went lately."""

from collections.abc import Mapping, Sequence

from django.utils.safestring import SafeString

from opsconsole.console.pictures.svg import join, tag

ORDER = ("success", "healed", "error", "cancelled", "processing", "pending", "awaiting")


def segments(counts: Mapping[str, int], x: float, y: float, width: float, height: float) -> SafeString:
    """The shares of `counts` beside each other within `width`; whatever is not zero stays visible."""
    present = [(status, counts[status]) for status in ORDER if counts.get(status)]
    if not present:
        return join([])
    least = min(2.0, width / len(present))
    spare = width - least * len(present)
    total = sum(count for _, count in present)
    parts = []
    for status, count in present:
        share = least + spare * count / total
        parts.append(tag("rect", class_=f"pic-share is-{status}", x=x, y=y, width=share, height=float(height)))
        x += share
    return join(parts)


def sparkline(values: Sequence[float], *, width: int = 120, height: int = 28, label: str = "") -> SafeString:
    """A line through `values`, the last one marked; flat when there is nothing to tell."""
    top = max(values, default=0) or 1
    step = (width - 6) / max(len(values) - 1, 1)
    points = [(3 + number * step, height - 3 - (height - 6) * value / top) for number, value in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    last = points[-1] if points else (3, height - 3)
    return tag(
        "svg",
        tag("polyline", class_="pic-spark", points=line),
        tag("circle", class_="pic-spark-end", cx=float(last[0]), cy=float(last[1]), r=2),
        class_="pic pic-sparkline",
        role="img",
        aria_label=label or (f"from {values[0]:g} to {values[-1]:g}" if values else "no values"),
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
    )


def share_bar(good: int, bad: int, most: int, *, width: int = 200, height: int = 6) -> SafeString:
    """How much of one kind there is beside the `most` of any, its bad part marked; decoration for a number."""
    scale = width / most if most else 0.0
    least = 2.0 if bad else 0.0
    ill = max(bad * scale, least)
    well = max(good * scale - max(0.0, least - bad * scale), 0.0)
    return tag(
        "svg",
        tag("rect", class_="pic-share is-plain", x=0, y=0, width=well, height=height),
        tag("rect", class_="pic-share is-error", x=well, y=0, width=ill, height=height),
        class_="pic pic-share-bar",
        aria_hidden="true",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
        preserveAspectRatio="none",
    )
