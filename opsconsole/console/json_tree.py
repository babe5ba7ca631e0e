"""JSON for reading: indented, its parts marked for colour, bounded in size."""

import json
import re
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

SHOWN = 200_000  # characters shown on a page; the rest is for downloading
COLOURED = 50_000  # longer text stays plain, so that the page stays light

_STRING = r'"(?:[^"\\]|\\.)*"'
_PART = re.compile(
    rf"(?P<key>{_STRING})(?=\s*:)|(?P<text>{_STRING})|(?P<word>\b(?:true|false|null)\b)|(?P<number>-?\d[\d.eE+-]*)"
)


def text_of(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def pretty(value: Any) -> SafeString:
    """Escaped HTML of at most SHOWN characters of JSON."""
    text = text_of(value)[:SHOWN]
    if len(text) > COLOURED:
        return escape(text)
    pieces, end = [], 0
    for part in _PART.finditer(text):
        pieces.append(escape(text[end : part.start()]))
        pieces.append(f'<span class="ops-json-{part.lastgroup}">{escape(part.group())}</span>')
        end = part.end()
    pieces.append(escape(text[end:]))
    return mark_safe("".join(pieces))  # noqa: S308 - every piece is escaped above


def is_longer(value: Any) -> bool:
    """Whether a page shows only the beginning of it."""
    return len(text_of(value)) > SHOWN
