"""Late fees, and what they come to."""

from django.contrib import admin

from opsconsole.examples.lending.admin.bases import ReadOnly, event_link
from opsconsole.examples.lending.models import FeesOwed, LateFee


@admin.register(LateFee)
class LateFeeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("on", "product", "payer", "amount", "reason")
    list_filter = (("reason", admin.EmptyFieldListFilter), "payer")
    list_select_related = ("product", "payer")
    search_fields = ("product__code", "payer__name")
    date_hierarchy = "on"
    fields = ("on", "product", "payer", "amount", "reason", "event")

    @admin.display
    def event(self, late_fee: LateFee) -> str:
        return event_link(late_fee.event_id)


@admin.register(FeesOwed)
class FeesOwedAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("company", "amount", "count", "last_on")
    list_select_related = ("company",)
    search_fields = ("company__name",)
