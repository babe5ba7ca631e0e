"""What tests of the lending back office share."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection

from opsconsole.streams import duties


@pytest.fixture
def back_office(fresh_engine: None) -> Iterator[None]:
    """A database with real commits, and the back office's subscriptions at the beginning of an empty log; empties its
    tables afterwards, too."""
    duties.begin()
    yield
    tables = [model._meta.db_table for model in apps.get_app_config("lending").get_models()]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


@pytest.fixture
def administrator(db: None) -> User:
    """Has no password, which would take half a second to make."""
    return User.objects.create_superuser("admin")
