"""How the pages for streams write addresses, and look up what their view has found."""

from collections.abc import Mapping
from typing import Any

from django import template

from opsconsole.console.streams.addresses import stream_url

register = template.Library()
register.filter("stream_address", stream_url)


@register.filter
def get(found: Mapping[Any, Any], key: Any) -> Any:
    return found.get(key)


@register.simple_tag(takes_context=True)
def version_query(context: dict[str, Any], version: int, aggregate: str = "") -> str:
    """This page with the state at another version, compared with the one before it."""
    params = context["request"].GET.copy()
    params.pop("against", None)
    params["version"] = str(version)
    if aggregate:
        params["aggregate"] = aggregate
    return f"?{params.urlencode()}"
