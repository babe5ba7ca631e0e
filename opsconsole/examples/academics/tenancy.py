"""Work that was asked for in the name of one institution touches nothing of another."""

from opsconsole.engine import Work
from opsconsole.examples.academics.models import Institution


class OfAnotherInstitution(Exception):
    """The work names something that belongs to another institution than the one it was asked for by."""


def refuse_another(institution: Institution, work: Work) -> None:
    """Raises OfAnotherInstitution. Work without a tenant is done for all of them."""
    if work.tenant not in ("", institution.tenant):
        raise OfAnotherInstitution(f"this belongs to institution {institution.tenant}, not to {work.tenant}")
