"""Assets that are lent, and what they are worth."""

from django.db import models
from django.db.models import F, Q

from opsconsole.examples.lending.models.company import Company
from opsconsole.examples.lending.models.identified import Identified, money


class Asset(Identified):
    """Something that one company has lent to another."""

    moved_by_statements = frozenset({"balance"})

    name = models.CharField(max_length=120, unique=True)
    sender = models.ForeignKey(Company, models.PROTECT, related_name="assets_sent", help_text="Who lends it.")
    receiver = models.ForeignKey(Company, models.PROTECT, related_name="assets_received", help_text="Who has it.")
    balance = money(default=0, help_text="What can be granted out of it.")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="lending_asset_parties",
                condition=~Q(sender=F("receiver")),
                violation_error_message="Nobody lends to himself.",
            ),
            models.CheckConstraint(
                name="lending_asset_balance",
                condition=Q(balance__gte=0),
                violation_error_message="A balance is not negative.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AssetValue(models.Model):
    """What we believe now that an asset is worth from a date on. What was believed when, the log knows."""

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="values_over_time")
    on = models.DateField()
    value = money()

    class Meta:
        ordering = ["asset_id", "-on"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "on"],
                name="lending_assetvalue_once",
                violation_error_message="This asset has a value for this date already.",
            ),
            models.CheckConstraint(
                name="lending_assetvalue_value",
                condition=Q(value__gt=0),
                violation_error_message="An asset is worth more than nothing.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value} from {self.on}"
