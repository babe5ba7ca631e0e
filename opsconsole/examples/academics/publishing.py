"""A teacher publishes an activity."""

from uuid import UUID

from django.db import transaction

from opsconsole.engine import emit
from opsconsole.examples.academics.events import ClassActivityCreated
from opsconsole.examples.academics.models import Activity


@transaction.atomic
def publish_activity(activity: Activity) -> UUID:
    """Store a new activity and say so; returns the event's id."""
    activity.save(force_insert=True)
    institution = activity.class_group.institution
    return emit(ClassActivityCreated(activity_id=activity.pk), source=activity, tenant=institution.tenant)
