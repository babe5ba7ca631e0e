"""Who follows the log, and how far."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from opsconsole.streams.states import KINDS, STOPPED, SUBSCRIPTION


class Subscription(models.Model):
    """One ordered reader of the log. Whoever holds the row's lock is its only consumer; what it writes commits
    together with `position`, so every event has its effects exactly once.

    The rebuild of a projection is a subscription of its own that fills a copy of its tables (`shadow_of`).
    """

    name = models.CharField(primary_key=True, max_length=200)
    kind = models.CharField(max_length=12)
    status = models.CharField(max_length=10, db_default="running")
    contract = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="Of the release that migrated last; code with another one leaves it alone.",
    )
    position = models.BigIntegerField(help_text="The last position of the log that it has dealt with.")
    shadow_of = models.CharField(max_length=200, null=True, unique=True)
    not_before = models.DateTimeField(null=True, help_text="A start delay, or the next try of the event that failed.")
    tries = models.IntegerField(db_default=0, help_text="Begun since the last progress: above 1, workers were lost.")
    careful_until = models.BigIntegerField(db_default=0, help_text="Up to here events are applied one at a time.")
    failures = models.IntegerField(db_default=0, help_text="Tries of the next event that failed, in a row.")

    failed_position = models.BigIntegerField(null=True)
    failed_event_id = models.UUIDField(null=True)
    failed_at = models.DateTimeField(null=True)
    error_class = models.CharField(max_length=200, blank=True, db_default="")
    error = models.TextField(blank=True, db_default="")
    traceback = models.TextField(blank=True, db_default="")

    paused_by = models.CharField(max_length=200, blank=True, db_default="")
    paused_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, db_default="", help_text="Why it is paused.")

    applied = models.BigIntegerField(db_default=0, help_text="Events that it has applied, all told.")
    rate = models.FloatField(db_default=0.0, help_text="Positions a second, of the last pages.")
    parked = models.IntegerField(db_default=0, help_text="Events set aside with their streams.")
    worker = models.CharField(max_length=200, blank=True, db_default="", help_text="The last one that served it.")
    seen_at = models.DateTimeField(null=True, help_text="When that was.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "ops_streams_subscription"
        permissions = [
            ("pause_subscription", "Can pause and resume subscriptions"),
            ("retry_subscription", "Can have a stopped subscription try again"),
            ("skip_event", "Can have a subscription skip an event"),
            ("rebuild_projection", "Can rebuild projections"),
        ]
        constraints = [
            models.CheckConstraint(name="ops_streams_subscription_status", condition=SUBSCRIPTION.check()),
            models.CheckConstraint(name="ops_streams_subscription_kind", condition=Q(kind__in=KINDS)),
            models.CheckConstraint(name="ops_streams_subscription_position", condition=Q(position__gte=0)),
            models.CheckConstraint(
                name="ops_streams_subscription_stopped",
                condition=~Q(status=STOPPED) | Q(failed_position__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name
