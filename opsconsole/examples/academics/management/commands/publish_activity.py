"""Publish one activity to a class as large as wanted."""

from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from opsconsole.examples.academics.demonstration.teaching import (
    invent_activity,
    open_class,
    transfer_students,
)
from opsconsole.examples.academics.models import Institution
from opsconsole.examples.academics.models.classgroup import STARTED
from opsconsole.examples.academics.publishing import publish_activity


class Command(BaseCommand):
    help = "Opens a class of new students in the oldest institution and publishes an activity to it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--students", type=int, default=300)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        institution = Institution.objects.filter(classes__status=STARTED).order_by("pk").first()
        if institution is None:
            raise CommandError("no institution teaches yet; found one, and wait until it is seeded")
        if options["students"] < 0:
            raise CommandError("a class has no negative number of students")
        random = Random()
        group = open_class(institution, transfer_students(institution, options["students"], random), random)
        activity = invent_activity(group, random)
        event_id = publish_activity(activity)
        self.stdout.write(f"activity {activity.pk} of class {group.code} published: event {event_id}")
