"""What tests of the academic system share."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.examples.academics.postoffice import PostOffice, post_office


@pytest.fixture
def mail(transactional_db: None, settings: Any) -> Iterator[PostOffice]:
    """A real mail server on a free port, to which Django's e-mail API sends."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with post_office() as office:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
        yield office
