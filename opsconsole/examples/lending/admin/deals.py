"""Deals and their companies."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from opsconsole.examples.lending import dealing
from opsconsole.examples.lending.business_date import today
from opsconsole.examples.lending.models import Deal, DealParty, Product
from opsconsole.examples.lending.models.deal import DELETED


class DealPartyInline(admin.TabularInline):
    model = DealParty
    autocomplete_fields = ("company",)
    extra = 0


@admin.register(Deal)
class DealAdmin(admin.ModelAdmin):
    list_display = ("reference", "product_line", "rating_tier", "status")
    list_filter = ("status", "product_line", "rating_tier")
    search_fields = ("reference", "parties__company__name")
    readonly_fields = ("status",)
    inlines = (DealPartyInline,)
    actions = ("activate", "end")

    def has_change_permission(self, request: HttpRequest, obj: Deal | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.status != DELETED)

    def has_delete_permission(self, request: HttpRequest, obj: Deal | None = None) -> bool:
        """Its history stays, and the row with it."""
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """A deal may be deleted while somebody fills in its form: then nothing of it is kept."""
        try:
            return super().changeform_view(request, *args, **options)
        except dealing.DealRefused as refused:
            messages.error(request, f"Nothing was changed: {refused}.")
            return HttpResponseRedirect(request.path)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        dealing.announce(form.instance.pk)

    @admin.action(description="Activate", permissions=["change"])
    def activate(self, request: HttpRequest, deals: QuerySet[Deal]) -> None:
        self._move(request, deals, dealing.activate, "activated")

    @admin.action(description="Delete, keeping the history", permissions=["change"])
    def end(self, request: HttpRequest, deals: QuerySet[Deal]) -> None:
        self._move(request, deals, dealing.delete, "deleted")
        chosen = [deal.pk for deal in deals]  # in a list of living deals they are not found any more
        for product in Product.objects.outstanding_on(today()).filter(deal__in=chosen, deal__status=DELETED):
            words = f"{product.outstanding} of {product} are still outstanding: late fees go on until it is settled."
            messages.warning(request, words)

    def _move(self, request: HttpRequest, deals: QuerySet[Deal], move: Callable[[UUID], None], status: str) -> None:
        moved = 0
        for deal in deals:
            try:
                move(deal.pk)
                moved += 1
            except dealing.DealRefused as refused:
                messages.warning(request, f"{deal} is left alone: {refused}.")
        messages.success(request, f"{moved} now {status}.")
