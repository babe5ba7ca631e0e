"""Programs that call the API, and what they are told."""

from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client

from opsconsole.api import tokens

JSON = "application/json"


class Program:
    """Calls with a token (or none), and gives answers as (status, parsed body)."""

    def __init__(self, secret: str = "", **headers: str) -> None:
        given = {"authorization": f"Bearer {secret}"} if secret else {}
        self.client = Client(headers={**given, **headers}, raise_request_exception=True)

    def get(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.client.get(path, data, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        if body is None:
            return self.client.post(path, b"", content_type=JSON, headers=headers)
        return self.client.post(path, body, content_type=JSON, headers=headers)


def somebody(*permissions: str, name: str = "") -> User:
    """A user with just these permissions."""
    user = User.objects.create_user(name or f"user-{User.objects.count()}")
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def a_program(*scopes: str, tenant: str = "", user: User | None = None, **columns: Any) -> Program:
    """A program with a token for these permissions, which its user has."""
    _, secret = tokens.make("tests", user or somebody(*scopes), list(scopes), tenant=tenant, **columns)
    return Program(secret)
