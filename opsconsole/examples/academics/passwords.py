"""Somebody forgot a password."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from opsconsole.engine import emit
from opsconsole.examples.academics.events import PasswordResetRequested
from opsconsole.examples.academics.models import ResetToken, Student, Teacher
from opsconsole.examples.academics.models.resettoken import VALID_FOR
from opsconsole.kernel import clock


class ResetTokenExpired(Exception):
    """The token ran out before its letter was written."""


@transaction.atomic
def request_reset(person: Student | Teacher, *, valid_for: timedelta = VALID_FOR) -> UUID:
    """Make a one-time token for the person and say so; returns the event's id."""
    now = clock.now()
    token = ResetToken.objects.create(
        student=person if isinstance(person, Student) else None,
        teacher=person if isinstance(person, Teacher) else None,
        created_at=now,
        expires_at=now + valid_for,
    )
    return emit(PasswordResetRequested(token_id=token.pk), source=token, tenant=person.institution.tenant)
