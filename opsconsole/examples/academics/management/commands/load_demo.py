"""Prepare the demonstration; loading it again changes nothing."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from opsconsole.examples.academics.catalogue.institutions import INSTITUTIONS
from opsconsole.examples.academics.demonstration.roles import make_roles
from opsconsole.examples.academics.founding import found_institution
from opsconsole.examples.academics.models import Institution, MailRefusal

REFUSED_SHARE = 12  # percent
REFUSAL_WINDOW = 60  # seconds: whoever is refused is heard later, if retries last that long


class Command(BaseCommand):
    help = "Makes the demonstration's roles, founds its first institution and has its mail server refuse some."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        make_roles()
        MailRefusal.objects.get_or_create(pk=1, defaults={"share": REFUSED_SHARE, "window": REFUSAL_WINDOW})
        if not Institution.objects.exists():
            name = INSTITUTIONS[0]
            found_institution(Institution(name=name, slug=Institution.slug_for(name)))
