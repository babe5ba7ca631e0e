"""Where processes, subscriptions and streams have their pages."""

from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse


def process_url(identifier: UUID) -> str:
    return reverse("admin:ops_process", args=[identifier])


def subscription_url(name: str) -> str:
    return reverse("admin:ops_subscription", args=[name])


def stream_url(name: str, version: int | None = None) -> str:
    """The page of a stream; with a version, from there on backward, and what the aggregate was then."""
    at = {} if version is None else {"version": version, "before": version + 1}
    return f"{reverse('admin:ops_stream')}?{urlencode({'name': name, **at})}"
