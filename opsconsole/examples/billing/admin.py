"""The tables of billing and reports in the admin: to look at, for only the services write them."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from opsconsole.examples.billing.models import Document, Report, ReportedDocument
from opsconsole.examples.billing.processes import DocumentVoiding
from opsconsole.streams.models import Process


class OwnedByItsService(admin.ModelAdmin):
    """Nothing is added, changed or deleted here: send a command."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Document)
class DocumentAdmin(OwnedByItsService):
    list_display = ("id", "customer", "amount", "issued_at", "voided_at")
    list_filter = ("customer", ("voided_at", admin.EmptyFieldListFilter))
    search_fields = ("=id", "customer")
    date_hierarchy = "issued_at"
    readonly_fields = ("voidings",)

    @admin.display(description="voidings")
    def voidings(self, document: Document) -> SafeString | str:
        """The processes about it, the latest first."""
        own = Process.objects.filter(type=DocumentVoiding.type_name, subject=str(document.pk)).order_by("-id")[:20]
        lines = [
            format_html('<a href="{}">{}</a> {}', _address(process), process.pk, process.status) for process in own
        ]
        return format_html("<br>".join(["{}"] * len(lines)), *lines) if lines else "none"


@admin.register(Report)
class ReportAdmin(OwnedByItsService):
    list_display = ("customer", "opened_at", "closed_at", "published_at", "documents", "total")
    list_filter = ("customer", "is_published")
    search_fields = ("customer", "=id")
    date_hierarchy = "opened_at"
    readonly_fields = ("documents",)

    @admin.display(ordering="document_count")
    def documents(self, report: Report) -> SafeString:
        url = f"{reverse('admin:billing_reporteddocument_changelist')}?report__id__exact={report.pk}"
        return format_html('<a href="{}">{}</a>', url, report.document_count)


@admin.register(ReportedDocument)
class ReportedDocumentAdmin(OwnedByItsService):
    list_display = ("document_id", "report", "amount", "state", "added_at")
    list_filter = ("state", "is_published", "report__customer")
    list_select_related = ("report",)
    search_fields = ("=document_id", "report__customer")
    date_hierarchy = "added_at"

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "report__id__exact" or super().lookup_allowed(lookup, value, request)


def _address(process: Process) -> str:
    try:
        return reverse("admin:ops_process", args=[process.pk])
    except NoReverseMatch:  # a site without the console's pages of processes
        return reverse("admin:ops_flow", args=[process.pk])
