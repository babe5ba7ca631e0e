"""Webhook subscriptions, calls and tries."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from opsconsole.examples.academics.admin.bases import ReadOnly, counted
from opsconsole.examples.academics.configuration import academics_settings
from opsconsole.examples.academics.events import ALL
from opsconsole.examples.academics.models import WebhookAttempt, WebhookCall, WebhookSubscription
from opsconsole.kernel.addresses import ForbiddenAddress, target


def event_types() -> list[tuple[str, str]]:
    return [(message.__contract__.name, message.__contract__.name) for message in ALL]


class SubscriptionForm(forms.ModelForm):
    event_types = forms.MultipleChoiceField(choices=event_types, widget=forms.CheckboxSelectMultiple)
    key = forms.CharField(
        required=False,
        min_length=16,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Shared secret with which every call is signed. Empty: keep it, or make one up.",
    )

    class Meta:
        model = WebhookSubscription
        fields = ("name", "institution", "url", "event_types", "key", "is_active")

    def clean_key(self) -> str:
        return self.cleaned_data["key"] or self.instance.key

    def clean_url(self) -> str:
        url = self.cleaned_data["url"]
        settings = academics_settings()
        try:
            target(url, allowed_hosts=settings.webhook_hosts, loopback=settings.webhook_loopback)
        except ForbiddenAddress as error:
            raise forms.ValidationError(str(error)) from error
        except OSError:
            pass  # a name that can't be resolved now may be resolved when it is called
        return url


@admin.register(WebhookSubscription)
class WebhookSubscriptionAdmin(admin.ModelAdmin):
    form = SubscriptionForm
    list_display = ("name", "url", "institution", "is_active", "created_at")
    list_filter = ("is_active", "institution")
    list_select_related = ("institution",)
    search_fields = ("name", "url")
    autocomplete_fields = ("institution",)


class WebhookAttemptInline(ReadOnly, admin.TabularInline):
    model = WebhookAttempt
    fields = readonly_fields = ("number", "status_code", "problem", "response_body", "latency", "started_at")
    extra = 0
    can_delete = False


@admin.register(WebhookCall)
class WebhookCallAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("event_type", "subscription", "created_at", "tries", "delivered", "delivered_at")
    list_filter = ("event_type", "subscription", ("delivered_at", admin.EmptyFieldListFilter))
    list_select_related = ("subscription",)
    search_fields = ("event_type", "event_id", "subscription__name")
    fields = ("subscription", "event_type", "event_id", "body", "created_at", "delivered_at")
    inlines = (WebhookAttemptInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookCall]:
        return super().get_queryset(request).annotate(tries_=counted(WebhookAttempt.objects.all(), "call"))

    @admin.display(ordering="tries_")
    def tries(self, call: Any) -> int:
        return call.tries_

    @admin.display(boolean=True)
    def delivered(self, call: WebhookCall) -> bool:
        return call.delivered_at is not None
