"""What people are told inside the system, and whether they read it."""

from django.db import models
from django.db.models import F, Q

from opsconsole.examples.academics.models.addressee import Addressee
from opsconsole.kernel import clock


class Notification(models.Model):
    """One text, told to any number of people."""

    institution = models.ForeignKey("academics.Institution", models.CASCADE, related_name="notifications")
    title = models.CharField(max_length=160)
    body = models.TextField(max_length=4000, blank=True)
    activity = models.ForeignKey(
        "academics.Activity", models.CASCADE, null=True, blank=True, related_name="notifications",
        help_text="What it is about, if an activity.",
    )  # fmt: skip
    note = models.ForeignKey(
        "academics.Note", models.CASCADE, null=True, blank=True, related_name="notifications",
        help_text="What it is about, if a note.",
    )  # fmt: skip
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.title


class NotificationReceipt(Addressee):
    """A notification in one person's inbox."""

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="receipts")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    read_at = models.DateTimeField(null=True, blank=True, help_text="Empty while unread.")

    class Meta(Addressee.Meta):
        ordering = ["-created_at"]
        constraints = [
            *Addressee.Meta.constraints,
            models.UniqueConstraint(
                fields=["notification", "student"],
                name="academics_receipt_student",
                violation_error_message="This student has this notification already.",
            ),
            models.UniqueConstraint(
                fields=["notification", "teacher"],
                name="academics_receipt_teacher",
                violation_error_message="This teacher has this notification already.",
            ),
            models.CheckConstraint(
                name="academics_receipt_read",
                condition=Q(read_at__isnull=True) | Q(read_at__gte=F("created_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notification} for {self.person}"

    @property
    def is_read(self) -> bool:
        return self.read_at is not None
