"""Late fees, and what they come to."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from opsconsole.engine import send_batch
from opsconsole.examples.lending.admin.bases import ReadOnly, event_link, page_of
from opsconsole.examples.lending.commands import ChargeLateFee
from opsconsole.examples.lending.models import FeesOwed, LateFee


@admin.register(LateFee)
class LateFeeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("on", "product", "payer", "amount", "reason")
    list_filter = (("reason", admin.EmptyFieldListFilter), "on")
    list_select_related = ("product", "payer")
    search_fields = ("product__code", "payer__name")
    fields = ("on", "product", "payer", "amount", "reason", "event")
    actions = ("charge",)

    def has_charge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("lending.change_latefee")

    @admin.action(description="Charge what was not charged", permissions=["charge"])
    def charge(self, request: HttpRequest, rows: QuerySet[LateFee]) -> None:
        """Once somebody has mended what was in the way; if not, the command says so."""
        wanted = [ChargeLateFee(product=row.product_id, on=row.on) for row in rows.exclude(reason="")]
        if not wanted:
            messages.warning(request, "Among those there is nothing that was not charged.")
            return
        batch = send_batch(wanted, name="late fees that were not charged")
        page = page_of("batch", batch, request)
        words = '{} asked for: <a href="{}">what becomes of it</a>.' if page else "{} asked for."
        messages.success(request, format_html(words, len(wanted), page))

    @admin.display
    def event(self, late_fee: LateFee) -> str:
        return event_link(late_fee.event_id)


@admin.register(FeesOwed)
class FeesOwedAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("company", "amount", "count", "last_on")
    list_select_related = ("company",)
    search_fields = ("company__name",)
