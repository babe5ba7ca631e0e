"""Notifications and who has read them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from opsconsole.examples.academics.admin.bases import counted
from opsconsole.examples.academics.models import Notification, NotificationReceipt
from opsconsole.kernel import clock


@admin.register(Notification)
class NotificationAdmin(admin.ModelAdmin):
    list_display = ("title", "institution", "told", "unread", "created_at")
    list_filter = ("institution",)
    list_select_related = ("institution",)
    search_fields = ("title",)
    autocomplete_fields = ("institution", "activity", "note")
    readonly_fields = ("created_at",)
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        receipts = NotificationReceipt.objects.all()
        unread = receipts.filter(read_at__isnull=True)
        return (
            super()
            .get_queryset(request)
            .annotate(told_=counted(receipts, "notification"), unread_=counted(unread, "notification"))
        )

    @admin.display(description="people told", ordering="told_")
    def told(self, notification: Any) -> int:
        return notification.told_

    @admin.display(ordering="unread_")
    def unread(self, notification: Any) -> int:
        return notification.unread_


@admin.register(NotificationReceipt)
class NotificationReceiptAdmin(admin.ModelAdmin):
    list_display = ("notification", "person", "created_at", "read_at")
    list_filter = (("read_at", admin.EmptyFieldListFilter), "notification__institution")
    list_select_related = ("notification", "student", "teacher")
    search_fields = ("notification__title", "student__name", "teacher__name")
    autocomplete_fields = ("notification", "student", "teacher")
    readonly_fields = ("created_at",)
    actions = ("mark_read",)

    @admin.action(description="Mark as read", permissions=["change"])
    def mark_read(self, request: HttpRequest, receipts: QuerySet[NotificationReceipt]) -> None:
        read = receipts.filter(read_at__isnull=True).update(read_at=clock.now())
        messages.success(request, f"{read} marked as read.")
