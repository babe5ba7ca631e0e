"""What several admins share."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from opsconsole.console.kinds import KINDS
from opsconsole.examples.lending.funding import add_balance

ADDED = Decimal("1000.00")


class ReadOnly:
    """For rows that only the system writes."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class HoldingAdmin(admin.ModelAdmin):
    """Of what holds a balance, which a form only shows. Nothing goes with money in it: who deletes something locks it
    first, so that what a grant pays in meanwhile is seen, or the grant finds nothing there."""

    readonly_fields: Any = ("balance",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not obj.balance)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        if request.method == "POST":
            chosen = self.model._default_manager.filter(pk__in=[obj.pk for obj in objs])
            objs = list(chosen.order_by("pk").select_for_update())
        return super().get_deleted_objects(objs, request)

    @transaction.atomic
    def response_action(self, *args: Any, **options: Any) -> HttpResponse | None:
        return super().response_action(*args, **options)


class FundedAdmin(HoldingAdmin):
    """Of what can be granted out of."""

    actions: Any = ("fund",)

    @admin.action(description=f"Add {ADDED:,} to the balance", permissions=["change"])
    def fund(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        for row in rows.order_by("pk"):
            add_balance(row, ADDED)
        messages.success(request, f"{rows.count()} now have {ADDED:,} more to grant.")


def page_of(kind: str, identifier: UUID, request: HttpRequest) -> str:
    """The address of a row in the console; empty for whoever may not see rows of its kind."""
    return KINDS[kind].url(identifier) if request.user.has_perm(KINDS[kind].view_permission) else ""


def event_link(event_id: UUID) -> str:
    """The page of an event in the console."""
    return format_html('<a href="{}">{}</a>', KINDS["event"].url(event_id), event_id)
