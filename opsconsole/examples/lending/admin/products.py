"""Products and what is outstanding."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from opsconsole.examples.lending.configuration import lending_settings
from opsconsole.examples.lending.models import Product, ProductBalance
from opsconsole.kernel import clock


class ProductBalanceInline(admin.TabularInline):
    model = ProductBalance
    extra = 0


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ("code", "deal", "asset", "outstanding")
    list_filter = ("deal__product_line",)
    list_select_related = ("deal", "asset")
    search_fields = ("code", "deal__reference", "asset__name")
    autocomplete_fields = ("deal", "asset")
    inlines = (ProductBalanceInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        return super().get_queryset(request).with_balance_on(today())

    @admin.display(description="outstanding today", ordering="outstanding", empty_value="nothing")
    def outstanding(self, product: Any) -> Any:
        return product.outstanding


def today() -> date:
    """The business date."""
    return clock.now().astimezone(ZoneInfo(lending_settings().zone)).date()
