"""Assets and what they are worth."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from opsconsole.examples.lending.admin.bases import FundedAdmin
from opsconsole.examples.lending.models import Asset, AssetValue
from opsconsole.examples.lending.valuing import value_asset


class ValueForm(forms.ModelForm):
    """The date of a value stays; a new value for the same date corrects it."""

    class Meta:
        model = AssetValue
        fields = ("on", "value")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].disabled = self.instance.pk is not None


class AssetValueInline(admin.TabularInline):
    model = AssetValue
    form = ValueForm
    extra = 0
    can_delete = False


@admin.register(Asset)
class AssetAdmin(FundedAdmin):
    list_display = ("name", "sender", "receiver", "balance")
    list_select_related = ("sender", "receiver")
    search_fields = ("name", "sender__name", "receiver__name")
    autocomplete_fields = ("sender", "receiver")
    inlines = (AssetValueInline,)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for row in formset.save(commit=False):
            value_asset(row.asset, row.on, row.value)
