"""Products: what a deal makes of an asset, and how much of it is outstanding."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery

from opsconsole.examples.lending.models.asset import Asset
from opsconsole.examples.lending.models.deal import Deal
from opsconsole.examples.lending.models.identified import Identified, money


class Products(models.QuerySet["Product"]):
    def with_balance_on(self, on: date) -> Self:
        """With `outstanding`: the balance at a date, which is that of the last date before it that has one."""
        balances = ProductBalance.objects.filter(product=OuterRef("pk"), on__lte=on).order_by("-on")
        return self.annotate(outstanding=Subquery(balances.values("outstanding")[:1]))

    def outstanding_on(self, on: date) -> Self:
        """Those with an outstanding balance at a date."""
        return self.with_balance_on(on).filter(outstanding__gt=0)


class Product(Identified):
    deal = models.ForeignKey(Deal, models.PROTECT, related_name="products")
    asset = models.ForeignKey(Asset, models.PROTECT, related_name="products")
    code = models.CharField(max_length=20, unique=True, help_text="As in P-1042-1.")

    objects = Products.as_manager()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class ProductBalance(models.Model):
    """What is outstanding from a date on, until the next one."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="balances")
    on = models.DateField()
    outstanding = money()

    class Meta:
        ordering = ["product_id", "-on"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "on"],
                name="lending_productbalance_once",
                violation_error_message="This product has a balance for this date already.",
            ),
            models.CheckConstraint(
                name="lending_productbalance_outstanding",
                condition=Q(outstanding__gte=0),
                violation_error_message="Less than nothing cannot be outstanding.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outstanding} from {self.on}"
