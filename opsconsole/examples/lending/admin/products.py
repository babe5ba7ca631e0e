"""Products and what is outstanding."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from opsconsole.examples.lending.business_date import today
from opsconsole.examples.lending.models import Product, ProductBalance


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
