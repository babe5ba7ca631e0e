"""Companies and their accounts."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from opsconsole.examples.lending.models.identified import Identified, money


class Company(Identified):
    """Its balance is what it can grant."""

    moved_by_statements = frozenset({"balance"})

    name = models.CharField(max_length=120)
    balance = money(default=0, help_text="What can be granted out of it.")

    class Meta:
        verbose_name_plural = "companies"
        ordering = [Lower("name")]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="lending_company_name",
                violation_error_code="unique",
                violation_error_message="There is a company of this name already.",
            ),
            models.CheckConstraint(
                name="lending_company_balance",
                condition=Q(balance__gte=0),
                violation_error_message="A balance is not negative.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Account(Identified):
    """Where a company receives what is granted to it, as long as it is active."""

    moved_by_statements = frozenset({"balance"})

    company = models.ForeignKey(Company, models.PROTECT, related_name="accounts")
    number = models.CharField(max_length=20, help_text="As in 0001-7.")
    is_active = models.BooleanField("active", default=True)
    balance = money(default=0, help_text="What was granted to it.")

    class Meta:
        ordering = ["company_id", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "number"],
                name="lending_account_number",
                violation_error_message="This company has an account of this number already.",
            ),
            models.CheckConstraint(name="lending_account_balance", condition=Q(balance__gte=0)),
        ]

    def __str__(self) -> str:
        return self.number
