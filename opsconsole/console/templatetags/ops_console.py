"""How the console writes states, times, durations and identifiers."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django import template
from django.templatetags.static import static
from django.urls import NoReverseMatch
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from opsconsole.console import extensions, words
from opsconsole.console.extensions import Outside, tenant_labels
from opsconsole.console.json_tree import is_longer, pretty
from opsconsole.console.kinds import KINDS
from opsconsole.console.streams.addresses import stream_url
from opsconsole.engine.queries.enqueued import Enqueued, Mark
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import moment_of

register = template.Library()
register.filter("took", words.took)
register.filter("tail", words.tail)
register.filter("pretty_json", pretty)
register.filter("is_longer", is_longer)
register.filter("moment_of", moment_of)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; with a label it speaks, without one it is decoration."""
    sprite = _sprite()
    if label:
        return format_html(
            '<svg class="ops-icon" role="img" aria-label="{}"><use href="{}#{}"></use></svg>', label, sprite, name
        )
    return format_html('<svg class="ops-icon" aria-hidden="true"><use href="{}#{}"></use></svg>', sprite, name)


@cache
def _sprite() -> str:
    return static("ops_console/icons.svg")


@register.filter
def badge(status: str) -> SafeString:
    """A state as icon, word and colour."""
    return format_html('<span class="ops-badge is-{}">{}<span>{}</span></span>', status, icon(status), status)


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """How long ago or ahead, kept current by the page's script; the exact moment on hover."""
    if moment is None:
        return "–"
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        moment.isoformat(),
        words.absolute(moment),
        words.relative(moment, clock.now()),
    )


@register.filter
def exact(moment: datetime | None) -> SafeString | str:
    """The exact moment in UTC, with how long ago beside it."""
    if moment is None:
        return "–"
    return format_html(
        '<span class="ops-exact">{}</span> <span class="ops-quiet">{}</span>', words.absolute(moment), ago(moment)
    )


@register.simple_tag
def span(start: datetime | None, end: datetime | None) -> str:
    """The duration between two moments."""
    return words.took(end - start if start and end else None)


@register.filter
def identity(identifier: UUID | None) -> SafeString | str:
    """A short identifier that shows and copies the full one."""
    if identifier is None:
        return "–"
    return format_html(
        '<button type="button" class="ops-id" data-copy="{}" title="{}">{}{}</button>',
        identifier,
        identifier,
        words.tail(identifier),
        _copy_sign(),
    )


@register.simple_tag
def address(kind: str, identifier: UUID) -> str:
    """The page of a row."""
    return KINDS[kind].url(identifier)


@register.simple_tag(takes_context=True)
def owner_of_flow(context: template.Context, correlation_id: UUID) -> Outside | None:
    """What the flow belongs to, as an app of the host or the console's own pages for streams know it."""
    return extensions.owner_of_flow(correlation_id, context["request"])


@register.simple_tag
def stream_of(event: Any) -> SafeString | str:
    """The stream of an event and its version there, leading to both where streams have pages."""
    words = f"{event.stream}, version {event.version}"
    try:
        url = stream_url(event.stream, event.version)
    except NoReverseMatch:
        return words
    return format_html('<a class="ops-ref" href="{}">{}</a>', url, words)


@register.filter
def named(name: str) -> SafeString:
    """A stored name, its domain in the background."""
    at = name.rfind(".") + 1
    return format_html('<span class="ops-name"><span class="ops-domain">{}</span><wbr>{}</span>', name[:at], name[at:])


@register.filter
def short(name: str) -> str:
    """The part of a stored name after its last dot."""
    return name[name.rfind(".") + 1 :]


@register.filter
def marks(enqueued: Enqueued | None) -> SafeString:
    """What an event set off, an icon each, leading there."""
    if enqueued is None:
        return format_html('<span class="ops-quiet">{}</span>', "–")
    more = format_html('<span class="ops-quiet">+{}</span>', enqueued.more) if enqueued.more else ""
    icons = format_html_join("", "{}", ((_mark(mark),) for mark in enqueued.marks))
    return format_html('<span class="ops-marks">{}{}</span>', icons, more)


def _mark(mark: Mark) -> SafeString:
    return format_html(
        '<a class="ops-mark is-{} of-{}" href="{}" title="{}">{}<span class="visually-hidden">{}</span></a>',
        mark.status,
        mark.kind,
        KINDS[mark.kind].url(mark.id),
        f"{mark.kind} {mark.name}: {mark.status}",
        icon(mark.status),
        f"{mark.kind} {short(mark.name)}: {mark.status}",
    )


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """This page's query string with some parameters changed; None takes one out. Paging starts anew."""
    params = context["request"].GET.copy()
    for name in ("before", "after"):
        params.pop(name, None)
    for name, value in changes.items():
        if value in (None, ""):
            params.pop(name, None)
        else:
            params[name] = str(value)
    return f"?{params.urlencode()}" if params else "?"


@register.filter
def full_identity(identifier: UUID) -> SafeString:
    """The whole identifier, to read and to copy."""
    return format_html(
        '<button type="button" class="ops-id is-full" data-copy="{}">{}{}</button>',
        identifier,
        identifier,
        _copy_sign(),
    )


def _copy_sign() -> SafeString:
    return format_html('<span class="visually-hidden">, copy id</span>{}', icon("copy"))


@register.filter
def tenant_name(tenant: str) -> str:
    """What a tenant is called, if an app of the host says so."""
    return tenant_labels().get(tenant, tenant) or "–"


@register.filter
def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3g}%" if whole else "0%"


@register.filter
def commas(number: float | None) -> str:
    return "" if number is None else f"{number:,}"


@register.filter
def unlocalized(number: float) -> str:
    """For attributes: never with another language's decimal comma."""
    return str(number)


@register.filter
def log_time(moment: str) -> str:
    """The time of day of a log line."""
    return moment[11:23]


@register.filter
def log_fields(line: dict[str, Any]) -> list[tuple[str, Any]]:
    """What a log line carries besides its time and text."""
    return [(name, value) for name, value in line.items() if name not in ("at", "text")]
