"""What the lending back office remembers."""

from opsconsole.examples.lending.models.asset import Asset, AssetValue
from opsconsole.examples.lending.models.company import Account, Company
from opsconsole.examples.lending.models.deal import Deal, DealParty
from opsconsole.examples.lending.models.fee import FeesOwed, LateFee
from opsconsole.examples.lending.models.grant import Grant
from opsconsole.examples.lending.models.product import Product, ProductBalance

__all__ = [
    "Account", "Asset", "AssetValue", "Company", "Deal", "DealParty",
    "FeesOwed", "Grant", "LateFee", "Product", "ProductBalance",
]  # fmt: skip
