"""Deals between companies."""

from django.db import models
from django.db.models import Q

from opsconsole.examples.lending.models.company import Company
from opsconsole.examples.lending.models.identified import Identified
from opsconsole.examples.lending.roles import Role
from opsconsole.kernel.lifecycle import Lifecycle

CREATED, ACTIVATED, DELETED = "created", "activated", "deleted"

DEAL = Lifecycle(
    {
        CREATED: {ACTIVATED, DELETED},
        ACTIVATED: {DELETED},
        DELETED: set(),
    }
)


class Deal(Identified):
    class Status(models.TextChoices):
        CREATED = CREATED, "Created"
        ACTIVATED = ACTIVATED, "Activated"
        DELETED = DELETED, "Deleted"

    class ProductLine(models.TextChoices):
        ASSET_LENDING = "asset_lending", "Asset lending"
        LEASING = "leasing", "Leasing"
        FACTORING = "factoring", "Factoring"

    class RatingTier(models.TextChoices):
        A = "A"
        B = "B"
        C = "C"
        D = "D"

    moved_by_statements = frozenset({"status"})

    reference = models.CharField(max_length=20, unique=True, help_text="As in D-1042.")
    product_line = models.CharField(max_length=20, choices=ProductLine, default=ProductLine.ASSET_LENDING)
    rating_tier = models.CharField(max_length=1, choices=RatingTier)
    status = models.CharField(max_length=10, choices=Status, default=CREATED, editable=False)

    class Meta:
        ordering = ["reference"]
        constraints = [
            models.CheckConstraint(name="lending_deal_status", condition=DEAL.check()),
            models.CheckConstraint(
                name="lending_deal_line", condition=Q(product_line__in=["asset_lending", "leasing", "factoring"])
            ),
            models.CheckConstraint(name="lending_deal_tier", condition=Q(rating_tier__in=["A", "B", "C", "D"])),
        ]

    def __str__(self) -> str:
        return self.reference


class DealParty(models.Model):
    """A company in a deal."""

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="parties")
    company = models.ForeignKey(Company, models.PROTECT, related_name="parts")
    role = models.CharField(max_length=10, choices=Role)

    class Meta:
        verbose_name_plural = "parties"
        ordering = ["deal", "role", "company"]
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "company", "role"],
                name="lending_dealparty_once",
                violation_error_message="This company has this role already.",
            ),
            models.CheckConstraint(
                name="lending_dealparty_role", condition=Q(role__in=["lender", "borrower", "guarantor", "broker"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company}, {self.get_role_display().lower()}"
