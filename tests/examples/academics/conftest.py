"""What tests of the academic system share."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection

from tests.examples.academics.postoffice import PostOffice, post_office


@pytest.fixture
def academy(fresh_engine: None) -> Iterator[None]:
    """A database with real commits; empties the academic tables afterwards, too."""
    yield
    tables = [model._meta.db_table for model in apps.get_app_config("academics").get_models()]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


@pytest.fixture
def mail(academy: None, settings: Any) -> Iterator[PostOffice]:
    """A real mail server on a free port, to which Django's e-mail API sends."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with post_office() as office:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
        yield office


@pytest.fixture
def administrator(db: None) -> User:
    """Has no password, which would take half a second to make."""
    return User.objects.create_superuser("admin")
