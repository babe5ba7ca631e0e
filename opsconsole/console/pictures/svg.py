"""Writing SVG: escaped elements, short numbers, text cut to a width."""

from collections.abc import Iterable

from django.templatetags.static import static
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

NARROW = frozenset("fijlrtI.,:;'|!()[] -")
WIDE = frozenset("mwMW@%—…")


def tag(name: str, *children: object, **attributes: object) -> SafeString:
    """An element. Attributes that are None are left out; `class_` is class, `stroke_width` stroke-width."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{conditional_escape(_short(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return mark_safe(f"<{name}{written}>{join(children)}</{name}>")  # noqa: S308 - each part was escaped


def join(children: Iterable[object]) -> SafeString:
    """The escaped children, one after the other."""
    return mark_safe("".join(conditional_escape(child) for child in children))  # noqa: S308 - each was escaped


def _short(value: object) -> object:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


def text_width(text: str, size: float) -> float:
    """About how wide `text` is at a font size, in a common sans-serif."""
    units = sum(0.32 if char in NARROW else 0.86 if char in WIDE else 0.6 for char in text)
    return units * size


def cut(text: str, width: float, size: float) -> str:
    """`text`, or as much of its beginning as fits, with an ellipsis."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text + "…"


def icon(name: str, x: float, y: float, *, size: float = 14) -> SafeString:
    """An icon of the console's sprite with its upper left corner at (x, y); statuses bring their colour."""
    source = f"{static('ops_console/icons.svg')}#{name}"
    return tag("use", href=source, x=x, y=y, width=size, height=size, class_=f"pic-icon is-{name}")
