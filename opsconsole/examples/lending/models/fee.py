"""Late fees: one for each product and business date, and what they come to for each company."""

from django.db import models
from django.db.models import Q

from opsconsole.examples.lending.models.company import Company
from opsconsole.examples.lending.models.identified import money
from opsconsole.examples.lending.models.product import Product


class LateFee(models.Model):
    """What became of a product with an outstanding balance on a business date: a fee, or the reason for none.

    `event_id` is the event that says so. That there is one for each product and date keeps fees from being charged
    twice, whoever is told twice that the date has begun.
    """

    product = models.ForeignKey(Product, models.PROTECT, related_name="late_fees")
    on = models.DateField(help_text="The business date.")
    payer = models.ForeignKey(Company, models.PROTECT, null=True, related_name="late_fees")
    amount = money(null=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Why none was charged.")
    event_id = models.UUIDField(unique=True)

    class Meta:
        ordering = ["-on", "-product_id"]
        constraints = [
            models.UniqueConstraint(fields=["on", "product"], name="lending_latefee_once"),
            models.CheckConstraint(
                name="lending_latefee_outcome",
                condition=Q(payer__isnull=False, amount__isnull=False, amount__gte=0, reason="")
                | (Q(payer__isnull=True, amount__isnull=True) & ~Q(reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} on {self.on}"


class FeesOwed(models.Model):
    """What late fees come to for a company. A projection of the log: only its projector writes here.

    Without a constraint to companies, so that it can be built again whatever has become of them.
    """

    company = models.OneToOneField(
        Company, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="fees_owed"
    )
    amount = money(default=0)
    count = models.IntegerField("fees", default=0)
    last_on = models.DateField("latest", null=True, help_text="The latest business date that has one.")

    class Meta:
        verbose_name = verbose_name_plural = "fees owed"
        ordering = ["-amount"]
        indexes = [models.Index(fields=["amount"], name="lending_feesowed_amount")]

    def __str__(self) -> str:
        return f"{self.amount}"
