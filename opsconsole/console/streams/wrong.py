"""What is wrong with subscriptions and processes, for the overview."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from opsconsole.console.dashboard.verdict import PATIENCE, Finding
from opsconsole.console.streams.addresses import process_url, subscription_url
from opsconsole.console.words import counted, took
from opsconsole.streams.models import Subscription
from opsconsole.streams.queries.processes import OVERDUE, Trouble
from opsconsole.streams.queries.subscriptions import Standing
from opsconsole.streams.states import PAUSED, STOPPED


def with_subscription(standing: Standing) -> Iterator[Finding]:
    """Stopped, paused, behind, or without the streams that it has set aside; its rebuild included."""
    row = standing.row
    if standing.rebuild and standing.rebuild.row and standing.rebuild.row.status == STOPPED:
        yield _stopped(standing.rebuild.row, f"The rebuild of {standing.name}", standing.name)
    if row is None:
        return
    if row.status == STOPPED:
        yield _stopped(row, f"Subscription {row.name}", row.name)
    elif row.status == PAUSED:
        yield _paused(row, standing.behind)
    elif standing.follower is not None and standing.lag is not None and standing.lag > PATIENCE:
        yield Finding(
            "warning",
            f"Subscription {row.name} is {took(standing.lag)} behind",
            f"{counted(standing.behind, 'event')} wait for it.",
            "Workers are busy, or none listens; see when it was last served.",
            subscription_url(row.name),
            "it",
        )
    if row.parked:
        yield Finding(
            "warning",
            f"Subscription {row.name} has set {counted(row.parked, 'event')} aside",
            "Their streams are not up to date in it.",
            "Mend the cause, then apply them again.",
            subscription_url(row.name),
            "them",
        )


def with_processes(trouble: Trouble, now: datetime) -> Finding:
    """Stuck or overdue ones of a type; one alone is linked itself."""
    name, since = trouble.type, took(now - trouble.since)
    query = urlencode({"type": name, "condition": trouble.condition})
    many, are, label = f"{trouble.count} processes", "are", "them"
    url = f"{reverse('admin:ops_processes')}?{query}"
    if str(trouble.count) == "1":
        many, are, label, url = "1 process", "is", "it", process_url(trouble.oldest)
    if trouble.condition == OVERDUE:
        cause = f"The oldest deadline passed {since} ago and was not dealt with."
        advice = "Check that workers are alive and know this process."
        return Finding("error", f"{many} of {name} {are} overdue", cause, advice, url, label)
    cause = f"No move for {since}, longer than is usual."
    advice = "Look what each one waits for: a failed command, an event that never came, or a decision."
    return Finding("warning", f"{many} of {name} {are} stuck", cause, advice, url, label)


def _stopped(row: Subscription, what: str, name: str) -> Finding:
    return Finding(
        "error",
        f"{what} has stopped",
        f"{row.error_class} at position {row.failed_position:,}; nothing behind it is applied.",
        "Mend the cause and have it try again, or skip the one event with a reason.",
        subscription_url(name),
        "why",
    )


def _paused(row: Subscription, behind: int) -> Finding:
    who = f" by {row.paused_by}" if row.paused_by else ""
    cause = (row.reason or "No reason was given") + "."
    advice = f"{counted(behind, 'event')} wait for it." if behind else "Nothing waits for it."
    return Finding("info", f"Subscription {row.name} is paused{who}", cause, advice, subscription_url(row.name), "it")
