"""Tokens in the admin: made, with the secret shown once, and revoked."""

from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from opsconsole.api import tokens
from opsconsole.api.models import Token
from opsconsole.api.needing import needs_of
from opsconsole.kernel import clock


class NewToken(forms.ModelForm):  # type: ignore[type-arg]
    """What a token is to be. `maker` is whoever fills it in: nobody gives away more than they have."""

    maker: Any = None
    scopes = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, help_text="What it may do, as far as its user may."
    )
    expires_at = forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}
        ),  # the admin's own sets styles that the policy stops
    )

    class Meta:
        model = Token
        fields = ("name", "user", "tenant", "scopes", "per_minute", "expires_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = timezone.get_current_timezone_name()  # the admin's, in which the token will show it as well
        self.fields["expires_at"].help_text = f"In the zone {zone}; empty: never."
        self.fields["scopes"].choices = offered(self.maker)  # type: ignore[attr-defined]
        self.fields["user"].initial = self.maker
        if not self.maker.is_superuser:
            self.fields["user"].queryset = self.fields["user"].queryset.filter(pk=self.maker.pk)  # type: ignore[attr-defined]

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= clock.now():
            raise forms.ValidationError("This time has passed.")
        return expires_at


def offered(user: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    """The permissions that operations name, as far as the user has them, app by app, each with what it allows."""
    from opsconsole.api.site import api

    needed = {name for _, _, one in api().operations() for name in needs_of(one).permissions}
    known = Permission.objects.filter(codename__in=[name.partition(".")[2] for name in needed])
    labels: dict[str, list[tuple[str, str]]] = {}
    for label, code, told in known.order_by("name").values_list("content_type__app_label", "codename", "name"):
        name = f"{label}.{code}"
        if name in needed and user.has_perm(name):
            labels.setdefault(label, []).append((name, f"{told} ({name})"))
    return [(str(apps.get_app_config(label).verbose_name), choices) for label, choices in sorted(labels.items())]


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A token is not changed once it is made: make another, and revoke this one."""

    form = NewToken
    list_display = ("name", "user", "tenant", "hint", "state", "last_used", "per_minute", "created_at")
    list_select_related = ("user", "use")
    ordering = ("-id",)
    change_form_template = "ops_api/token.html"
    change_list_template = "ops_api/tokens.html"

    @admin.display(description="state")
    def state(self, token: Token) -> str:
        if token.revoked_at:
            return f"revoked by {token.revoked_by}"
        return "expired" if token.expires_at and token.expires_at <= clock.now() else "valid"

    @admin.display(description="last used")
    def last_used(self, token: Token) -> Any:
        use = getattr(token, "use", None)
        return use.used_at if use else None

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Token | None = None) -> Any:
        shown = ("state", "last_used", "hint", "created_at", "created_by")
        return NewToken.Meta.fields if obj is None else (*NewToken.Meta.fields, *shown)

    def get_readonly_fields(self, request: HttpRequest, obj: Token | None = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def get_form(self, request: HttpRequest, obj: Token | None = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change, **{**kwargs, "fields": (), "form": forms.ModelForm})
        form = super().get_form(request, obj, change, **kwargs)
        return type("NewToken", (form,), {"maker": request.user})

    def save_model(self, request: HttpRequest, obj: Token, form: Any, change: bool) -> None:
        if change:
            raise PermissionDenied
        obj.created_by = request.user.get_username()
        obj.shown_once = tokens.give_secret(obj)  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Token, post_url_continue: str | None = None) -> HttpResponse:
        """The secret, on a page that is not kept: a message would lie in a cookie or the session."""
        context = {**self.admin_site.each_context(request), "title": "The new token", "token": obj,
                   "secret": obj.shown_once, "list_url": reverse("admin:ops_api_token_changelist")}  # type: ignore[attr-defined]  # fmt: skip
        return TemplateResponse(request, "ops_api/secret.html", context, headers={"Cache-Control": "no-store"})

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        may_revoke = request.user.has_perm("ops_api.revoke_token")
        context = {"may_revoke": may_revoke, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        revoke = self.admin_site.admin_view(require_POST(self.revoke))
        return [path("<int:pk>/revoke/", revoke, name="api_token_revoke"), *super().get_urls()]

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let it in no more."""
        if not request.user.has_perm("ops_api.revoke_token"):
            raise PermissionDenied
        token = self.get_object(request, str(pk))
        if token is None:
            return HttpResponseRedirect(reverse("admin:ops_api_token_changelist"))
        with transaction.atomic():
            is_done = tokens.revoke(token, actor=request.user.get_username())
            if is_done:
                self.log_change(request, token, "Revoked.")
        if is_done:
            messages.success(request, f"{token} is revoked: it is let in no more.")
        else:
            messages.warning(request, f"{token} was revoked before.")
        return HttpResponseRedirect(reverse("admin:ops_api_token_change", args=[quote(pk)]))
