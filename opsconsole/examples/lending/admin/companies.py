"""Companies, their accounts and what their deals make of them."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from opsconsole.examples.lending.admin.bases import FundedAdmin, HoldingAdmin
from opsconsole.examples.lending.events import stream_of_company
from opsconsole.examples.lending.membership import Membership
from opsconsole.examples.lending.models import Account, Company, FeesOwed
from opsconsole.streams import load, version_of

MOST_DEALS = 500  # whose history is folded for a page, with a query each


class AccountInline(admin.TabularInline):
    model = Account
    readonly_fields = ("balance",)
    extra = 0
    can_delete = False


@admin.register(Company)
class CompanyAdmin(FundedAdmin):
    list_display = ("name", "balance", "late_fees")
    list_select_related = ("fees_owed",)
    search_fields = ("name",)
    readonly_fields = ("balance", "late_fees", "membership")
    inlines = (AccountInline,)

    @admin.display(description="late fees owed", ordering="fees_owed__amount")
    def late_fees(self, company: Company) -> Decimal:
        try:
            return company.fees_owed.amount
        except FeesOwed.DoesNotExist:
            return Decimal("0.00")

    @admin.display
    def membership(self, company: Company) -> str:
        """Folded from the history of its deals whenever somebody looks."""
        joined = version_of(stream_of_company(company.pk))
        if joined > MOST_DEALS:
            return f"It cannot be told here: it has joined {joined:,} deals, and a page looks at {MOST_DEALS}."
        try:
            state = load(Membership, company.pk).state
        except Exception as error:  # whatever is wrong with the history of one deal: the page must open
            return f"It cannot be told: {type(error).__name__}: {error}"
        if state.deal is None:
            return "None: no deal of the product line"
        url = reverse("admin:lending_deal_change", args=[state.deal])
        standing = "activated" if state.is_activated else "not activated yet"
        return format_html('<a href="{}">Tier {}, {}</a>', url, state.rating_tier, standing)

    def get_readonly_fields(self, request: HttpRequest, obj: Company | None = None) -> Any:
        return self.readonly_fields if obj else ("balance",)


@admin.register(Account)
class AccountAdmin(HoldingAdmin):
    list_display = ("number", "company", "is_active", "balance")
    list_filter = ("is_active",)
    list_select_related = ("company",)
    search_fields = ("number", "company__name")
    autocomplete_fields = ("company",)

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> Any:
        """An account stays with its company: else its money would go over to another one, and no event would say so."""
        return ("company", "balance") if obj else ("balance",)
