"""Found an institution: it begins with nothing; what it needs is seeded after the commit."""

from uuid import UUID

from django.db import transaction

from opsconsole.engine import emit
from opsconsole.examples.academics.events import InstitutionCreated
from opsconsole.examples.academics.models import Institution


@transaction.atomic
def found_institution(institution: Institution) -> UUID:
    """Store a new institution and say so; returns the event's id."""
    institution.save(force_insert=True)
    return emit(InstitutionCreated(institution_id=institution.pk), source=institution, tenant=institution.tenant)
