"""What several admins share."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest


class AnnouncedAdmin(admin.ModelAdmin):
    """New rows are stored by a domain function, which emits the event in the admin's own transaction."""

    def announce(self, row: Any) -> None:
        """Store a new row, and say so."""
        raise NotImplementedError

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What is fixed once it was announced; a new row has none of it yet."""
        return super().get_readonly_fields(request, obj) if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            self.announce(obj)


class ReadOnly:
    """For rows that only the system writes; they can be looked at, and removed."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def counted(rows: QuerySet[Any], reference: str) -> Coalesce:
    """How many of `rows` refer to each listed row; worked out for the page shown, not for the table."""
    own = rows.filter(**{reference: OuterRef("pk")}).order_by().values(reference)
    return Coalesce(Subquery(own.annotate(total=Count("*")).values("total")), 0)
