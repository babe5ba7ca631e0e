"""What an action did, in a sentence that hides nothing."""

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from opsconsole.console.actions import Action
from opsconsole.console.kinds import KINDS, Kind
from opsconsole.console.words import counted, tail
from opsconsole.engine.operations import Tally

LINKED = 5  # new commands named in the sentence


def of(kind: Kind, number: int) -> str:
    return counted(number, kind.name, kind.plural)


def sentence(action: Action, tally: Tally) -> SafeString:
    """ "3 commands sent again: …. 2 skipped: it is running already (2)." with links to what was made."""
    what = of(KINDS["event" if action.kind == "event" else "command"], tally.changed)
    done = format_html("{} {}", what, action.done) if tally.changed else format_html("Nothing was {}", action.done)
    return format_html("{}{}.{}", done, _links(tally), _skipped(tally))


def too_many(kind: Kind, most: int) -> str:
    return (
        f"Nothing was changed: the filter matches more than {most:,} {kind.plural}, or more than can be looked"
        " through at once. Narrow it, for example by time or type, and do it in parts."
    )


def _links(tally: Tally) -> SafeString:
    if not tally.made:
        return SafeString("")
    command = KINDS["command"]
    links = format_html_join(
        ", ", '<a href="{}">{}</a>', ((command.url(made), tail(made)) for made in tally.made[:LINKED])
    )
    rest = len(tally.made) - LINKED
    return format_html(": {}{}", links, f" and {rest:,} more" if rest > 0 else "")


def _skipped(tally: Tally) -> SafeString:
    if not tally.skipped:
        return SafeString("")
    reasons = ", ".join(f"{why} ({count:,})" if len(tally.skipped) > 1 else why for why, count in tally.skipped.items())
    return format_html(" {} skipped: {}.", f"{tally.skipped_count:,}", reasons)
