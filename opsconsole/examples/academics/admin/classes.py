"""Classes, their weekly slots and who is in them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from opsconsole.examples.academics.admin.bases import counted
from opsconsole.examples.academics.models import ClassEnrolment, ClassGroup, ScheduleSlot
from opsconsole.examples.academics.models.classgroup import (
    AWAITING_START,
    CLASS,
    FINISHED,
    ON_ENROLMENT,
    STARTED,
)
from opsconsole.examples.academics.timetable import plan_lessons


class ScheduleSlotInline(admin.TabularInline):
    model = ScheduleSlot
    extra = 0


class ClassEnrolmentInline(admin.TabularInline):
    model = ClassEnrolment
    autocomplete_fields = ("student",)
    readonly_fields = ("enrolled_at",)
    extra = 0


@admin.register(ClassGroup)
class ClassGroupAdmin(admin.ModelAdmin):
    list_display = ("code", "discipline", "teacher", "status", "taken", "vacancies", "institution")
    list_filter = ("status", "institution", "academic_period__name")
    list_select_related = ("discipline", "teacher", "institution")
    search_fields = ("code", "discipline__name", "teacher__name")
    autocomplete_fields = ("institution", "discipline", "campus", "academic_period", "teacher")
    readonly_fields = ("status",)
    inlines = (ScheduleSlotInline, ClassEnrolmentInline)
    actions = ("release", "close", "start", "finish")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClassGroup]:
        return super().get_queryset(request).annotate(taken_=counted(ClassEnrolment.objects.all(), "class_group"))

    @admin.display(description="enrolled", ordering="taken_")
    def taken(self, group: Any) -> int:
        return group.taken_

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change or any(formset.model is ScheduleSlot and formset.has_changed() for formset in formsets):
            plan_lessons(form.instance)

    @admin.action(description="Release for enrolment", permissions=["change"])
    def release(self, request: HttpRequest, groups: QuerySet[ClassGroup]) -> None:
        self._move(request, groups, ON_ENROLMENT)

    @admin.action(description="Close enrolment", permissions=["change"])
    def close(self, request: HttpRequest, groups: QuerySet[ClassGroup]) -> None:
        self._move(request, groups, AWAITING_START)

    @admin.action(description="Start", permissions=["change"])
    def start(self, request: HttpRequest, groups: QuerySet[ClassGroup]) -> None:
        self._move(request, groups, STARTED)

    @admin.action(description="Finish", permissions=["change"])
    def finish(self, request: HttpRequest, groups: QuerySet[ClassGroup]) -> None:
        self._move(request, groups, FINISHED)

    def _move(self, request: HttpRequest, groups: QuerySet[ClassGroup], status: str) -> None:
        chosen = list(groups.values_list("pk", flat=True))
        moved = CLASS.move(ClassGroup.objects.filter(pk__in=chosen), status)
        label = ClassGroup.Status(status).label.lower()
        messages.success(request, f"{moved} now {label}.")
        if moved < len(chosen):
            messages.warning(request, f"{len(chosen) - moved} left alone: their status does not lead to {label}.")


@admin.register(ClassEnrolment)
class ClassEnrolmentAdmin(admin.ModelAdmin):
    list_display = ("class_group", "student", "enrolled_at")
    list_filter = ("class_group__institution",)
    list_select_related = ("class_group", "student")
    search_fields = ("class_group__code", "student__name")
    autocomplete_fields = ("class_group", "student")
    readonly_fields = ("enrolled_at",)
