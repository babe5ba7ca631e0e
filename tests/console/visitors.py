"""People who look at the console, and what they see."""

from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

KINDS = ("event", "command", "batch", "workflow")
VIEWING = tuple(f"view_{kind}" for kind in KINDS)


def somebody(*permissions: str, name: str = "", **fields: Any) -> Client:
    """A member of staff with just these permissions, of the engine unless they name their app, logged in."""
    user = User.objects.create_user(name or f"staff-{User.objects.count()}", is_staff=True, **fields)
    for permission in permissions:
        app, _, codename = permission.rpartition(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app or "ops_engine", codename=codename)
        )
    return logged_in(user)


def an_operator(name: str = "ana") -> Client:
    """Somebody who may see and do everything."""
    return logged_in(User.objects.create_superuser(name))


def logged_in(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


class Page(HTMLParser):
    """What a test wants to know about a page: its text, links, and every element with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.inline_scripts: list[str] = []
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        self._inside = tag if tag in ("script", "style") and "src" not in attributes else ""
        if self._inside == "script" and attributes.get("type") == "application/json":
            self._inside = "data"

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style") and data.strip():
            self.inline_scripts.append(data)
        elif data.strip():
            self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(self.words)

    @property
    def links(self) -> list[str]:
        return [attributes["href"] for tag, attributes in self.elements if tag == "a" and "href" in attributes]

    def having(self, name: str, value: str | None = None) -> list[dict[str, str]]:
        """The attributes of elements that have this attribute (with this value)."""
        found = [attributes for _, attributes in self.elements if name in attributes]
        return [attributes for attributes in found if value is None or attributes[name] == value]

    def rows(self) -> list[str]:
        """The ids of the rows listed, in their order."""
        return [at["id"].removeprefix("row-") for tag, at in self.elements if tag == "tr" and "id" in at]


def look(client: Client, url: str, *, status: int = 200) -> Page:
    response = client.get(url)
    assert response.status_code == status, f"{url} answered {response.status_code}"
    return Page(response.content.decode())


def told(client: Client, url: str, data: dict[str, Any]) -> str:
    """The messages shown after a POST, as text."""
    response = client.post(url, data, follow=True)
    return " ".join(str(message) for message in response.context["messages"])


def ids_of(rows: Iterable[Any]) -> list[str]:
    return [str(row.pk) for row in rows]
