"""Grants that were made, and a form that asks for one."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.db.models import ManyToOneRel, Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from opsconsole.engine import send
from opsconsole.examples.lending.admin.bases import ReadOnly, event_link, page_of
from opsconsole.examples.lending.amounts import CENT
from opsconsole.examples.lending.commands import GrantBalances, Source
from opsconsole.examples.lending.events import Destination
from opsconsole.examples.lending.models import Account, Asset, Company, Grant
from opsconsole.kernel.identifiers import uuid7


class LookedUp(forms.ModelChoiceField):
    """Chosen in the list of its kind: a select would hold every row there is."""

    def __init__(self, model: type[Model], **options: Any) -> None:
        widget = ForeignKeyRawIdWidget(ManyToOneRel(None, model, "id"), admin.site)
        super().__init__(model._default_manager.all(), widget=widget, **options)


class GrantForm(forms.ModelForm):
    """Whether it can be granted is found out by the command. The grant has its id from the start: a form that is sent
    again asks for the same one."""

    grant = forms.UUIDField(initial=uuid7, widget=forms.HiddenInput)
    asset = LookedUp(Asset, required=False, help_text="Gives first.")
    company = LookedUp(Company, required=False, help_text="Gives what the asset does not.")
    account = LookedUp(Account, help_text="Gets it, as long as it is active.")
    amount = forms.DecimalField(min_value=CENT, max_digits=16, decimal_places=2)

    class Meta:
        model = Grant
        fields = ()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not given.get("asset") and not given.get("company"):
            raise forms.ValidationError("A grant needs a source: an asset, a company, or both.")
        return given

    def command(self, author: str) -> GrantBalances:
        given = self.cleaned_data
        account = given["account"]
        sources = [Source(kind=kind, id=given[kind].pk) for kind in ("asset", "company") if given[kind]]
        destination = Destination(company=account.company_id, account=account.pk, amount=given["amount"])
        return GrantBalances(grant=given["grant"], author=author, sources=tuple(sources), destinations=(destination,))


@admin.register(Grant)
class GrantAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("granted_at", "author", "total", "id")
    list_filter = ("granted_at",)
    search_fields = ("id", "author", "sources", "destinations")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("lending.add_grant")

    def get_fields(self, request: HttpRequest, obj: Grant | None = None) -> Any:
        if obj is None:
            return ("grant", "asset", "company", "account", "amount")
        return ("id", "author", "total", "sources", "destinations", "granted_at", "event")

    def get_form(self, request: HttpRequest, obj: Grant | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({"form": GrantForm} if obj is None else {}), **kwargs)

    def save_model(self, request: HttpRequest, obj: Grant, form: Any, change: bool) -> None:
        """Nothing is stored but the command; the projection shows the grant once it was made."""
        command = form.command(request.user.get_username())
        obj.pk, obj.asked_by = command.grant, send(command, unique=str(command.grant)).id

    def response_add(self, request: HttpRequest, obj: Grant, post_url_continue: str | None = None) -> HttpResponse:
        if page := page_of("command", obj.asked_by, request):
            messages.success(request, "The grant was asked for; here is what becomes of it.")
            return HttpResponseRedirect(page)
        messages.success(request, "The grant was asked for; once it is made, it is in this list.")
        return self.response_post_save_add(request, obj)

    @admin.display
    def event(self, grant: Grant) -> str:
        return event_link(grant.event_id)
