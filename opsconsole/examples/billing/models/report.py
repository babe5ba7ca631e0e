"""The tables of reports.

A published report never changes. The database sees to that itself, whoever writes: a document carries a copy of its
report's `is_published`, kept equal by a foreign key over both columns; so a check can refuse a published report with
a document that is being voided. Triggers refuse any change to a published report and to its documents, none of which
is added, moved or taken out (`0002_published.sql`).
"""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.urls import reverse

from opsconsole.kernel import clock


class Report(models.Model):
    """What a customer is told of. Open, it takes the customer's documents; closed, it waits until none of them is being
    voided; then it is published. The next document after it was closed opens a new one."""

    id = models.UUIDField(primary_key=True)
    customer = models.CharField(max_length=80)
    opened_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When somebody first asked for its publication.")
    closed_in = models.UUIDField(
        null=True, editable=False, help_text="The flow of whoever asked; publishing is part of it."
    )
    is_published = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True, blank=True)
    document_count = models.IntegerField(default=0, help_text="Those that it tells of, without what was voided.")
    voided_count = models.IntegerField(default=0)
    total = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal(0), help_text="Of what it tells of.")

    class Meta:
        db_table = "reports_report"
        ordering = ["-opened_at"]
        permissions = [("publish_report", "Can publish a report")]
        constraints = [
            models.UniqueConstraint(name="reports_report_open", fields=["customer"], condition=Q(closed_at=None)),
            models.CheckConstraint(
                name="reports_report_published",
                condition=Q(is_published=True, published_at__isnull=False, closed_at__isnull=False)
                | Q(is_published=False, published_at__isnull=True),
            ),
            models.CheckConstraint(
                name="reports_report_counts", condition=Q(document_count__gte=0, voided_count__gte=0, total__gte=0)
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-opened_at", "-id"], name="reports_report_customer"),
            models.Index(
                fields=["customer", "-opened_at", "-id"],
                name="reports_report_unpublished",
                condition=Q(is_published=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}, {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("voiding:report", args=[self.pk])

    def take_in(self, amount: Decimal) -> None:
        """Tell of a document more. Whoever counts holds the row's lock."""
        self.document_count += 1
        self.total += amount
        self.save(update_fields=["document_count", "total"])

    def strike_off(self, amount: Decimal) -> None:
        """Tell of a document less: it was voided."""
        self.document_count -= 1
        self.voided_count += 1
        self.total -= amount
        self.save(update_fields=["document_count", "voided_count", "total"])

    @property
    def state(self) -> str:
        """What has become of it, in a word."""
        return "published" if self.is_published else "closed" if self.closed_at else "open"


class ReportedDocument(models.Model):
    """A document as reports know it: `voiding` from the agreement to void it until billing has done so."""

    class State(models.TextChoices):
        REPORTED = "reported"
        VOIDING = "voiding"
        VOIDED = "voided"

    document_id = models.UUIDField(primary_key=True)
    report = models.ForeignKey(Report, models.PROTECT, related_name="documents", db_constraint=False)
    is_published = models.BooleanField(default=False, editable=False, help_text="Its report is.")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    state = models.CharField(max_length=8, choices=State, default=State.REPORTED)
    added_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "reports_document"
        verbose_name = "reported document"
        ordering = ["-added_at"]
        constraints = [
            models.CheckConstraint(
                name="reports_document_state", condition=Q(state__in=["reported", "voiding", "voided"])
            ),
            models.CheckConstraint(
                name="reports_document_not_voiding", condition=Q(is_published=False) | ~Q(state="voiding")
            ),
        ]
        indexes = [
            models.Index(fields=["report", "-added_at", "-document_id"], name="reports_document_report"),
            models.Index(fields=["report"], name="reports_document_voiding", condition=Q(state="voiding")),
        ]

    def __str__(self) -> str:
        return f"{self.document_id}, {self.amount}"
