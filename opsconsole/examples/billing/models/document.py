"""Billing's table."""

from django.db import models
from django.db.models import Q

from opsconsole.kernel import clock


class Document(models.Model):
    """Something that a customer owes for; once voided, it stays so."""

    id = models.UUIDField(primary_key=True)
    customer = models.CharField(max_length=80)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    issued_at = models.DateTimeField(default=clock.now)
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "billing_document"
        ordering = ["-issued_at"]
        permissions = [("void_document", "Can have a document voided")]
        constraints = [models.CheckConstraint(name="billing_document_amount", condition=Q(amount__gt=0))]
        indexes = [models.Index("customer", "issued_at", name="billing_document_customer")]

    def __str__(self) -> str:
        return f"{self.customer}, {self.amount}"
