"""The read model: a row a reminder, kept by the log."""

from django.db import models
from django.db.models import Q

from opsconsole.reminders.states import ACTIVE, REMINDER


class ReminderRow(models.Model):
    """What lists show of a reminder; the truth is its stream."""

    id = models.UUIDField(primary_key=True, editable=False)
    status = models.CharField(max_length=12)
    address = models.TextField()
    tenant = models.CharField(max_length=100, blank=True)
    scheduled_at = models.DateTimeField()
    occasion = models.IntegerField(help_text="The version that set this time.")
    attempts = models.IntegerField(default=0, help_text="Calls made for this time.")
    status_code = models.IntegerField(null=True, help_text="Of the last answer.")
    problem = models.TextField(blank=True, help_text="Of the last call.")
    called_at = models.DateTimeField(null=True, help_text="When it was last called.")
    next_try_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=0)
    defined_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ops_reminders_reminder"
        verbose_name = "reminder"
        default_permissions = ()
        permissions = [
            ("view_reminder", "Can view reminders"),
            ("define_reminder", "Can define reminders"),
            ("cancel_reminder", "Can cancel reminders"),
            ("reschedule_reminder", "Can set reminders to another time"),
            ("fire_reminder", "Can fire reminders at once"),
        ]
        constraints = [models.CheckConstraint(name="ops_reminders_reminder_status", condition=REMINDER.check())]
        indexes = [
            models.Index("status", "id", name="ops_reminders_status"),
            models.Index("tenant", "id", name="ops_reminders_tenant"),
            models.Index("tenant", "status", "id", name="ops_reminders_tenant_status"),
            models.Index("scheduled_at", "id", name="ops_reminders_due", condition=Q(status=ACTIVE)),
        ]

    def __str__(self) -> str:
        return str(self.id)
