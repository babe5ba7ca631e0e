"""The demonstration's mail: what was taken, and how much is refused."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from opsconsole.examples.academics.admin.bases import ReadOnly
from opsconsole.examples.academics.models import MailRefusal, SentMail


@admin.register(SentMail)
class SentMailAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("subject", "recipient", "sender", "copies", "received_at")
    search_fields = ("subject", "recipient", "message_id")
    date_hierarchy = "received_at"
    fields = ("subject", "sender", "recipient", "received_at", "copies", "message_id", "body")


@admin.register(MailRefusal)
class MailRefusalAdmin(admin.ModelAdmin):
    """One knob, so its list is its form."""

    fields = ("share", "reply", "window")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        knob = MailRefusal.objects.first()
        action, args = ("change", [knob.pk]) if knob else ("add", [])
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:academics_mailrefusal_{action}", args=args))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not MailRefusal.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: MailRefusal | None = None) -> bool:
        return False
