"""Lists page by page: where the next page goes on is an address to be called as it stands."""

from typing import Generic, TypeVar

from django.http import HttpRequest
from pydantic import BaseModel, Field

from opsconsole.api.configuration import configuration

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """A page of a list; `next` is the address of the one after it, or null. A page may hold less than it could, and
    even nothing, and yet have a next one: a search looks through a bounded number of rows at a time."""

    items: list[T]
    next: str | None = Field(examples=["/api/v1/commands?status=error&cursor=0199f0c2-a3d4-7c1b-8e51-6d1f2a3b4c5d"])


def page_size(limit: int | None) -> int:
    """How many rows a page has when the caller has asked for `limit`."""
    settings = configuration()
    return min(limit or settings.page, settings.largest_page)


def next_of(request: HttpRequest, cursor: object | None) -> str | None:
    """The address of the list from `cursor` on."""
    if cursor is None:
        return None
    query = request.GET.copy()
    query["cursor"] = str(cursor)
    return f"{request.path}?{query.urlencode()}"
