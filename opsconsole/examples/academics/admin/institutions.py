"""Institutions, their campuses and periods."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from opsconsole.examples.academics.admin.bases import AnnouncedAdmin, counted
from opsconsole.examples.academics.founding import found_institution
from opsconsole.examples.academics.models import (
    AcademicPeriod,
    Campus,
    ClassGroup,
    EnrolmentPeriod,
    Institution,
    Student,
)


class CampusInline(admin.TabularInline):
    model = Campus
    extra = 0


class AcademicPeriodInline(admin.TabularInline):
    model = AcademicPeriod
    extra = 0


@admin.register(Institution)
class InstitutionAdmin(AnnouncedAdmin):
    list_display = ("name", "slug", "student_count", "class_count", "founded_at")
    search_fields = ("name", "slug")
    readonly_fields = ("founded_at",)
    prepopulated_fields = {"slug": ("name",)}
    date_hierarchy = "founded_at"

    def announce(self, row: Institution) -> None:
        found_institution(row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Institution]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                students_=counted(Student.objects.all(), "institution"),
                classes_=counted(ClassGroup.objects.all(), "institution"),
            )
        )

    def get_inlines(self, request: HttpRequest, obj: Institution | None) -> Any:
        """A new institution has none yet: they are seeded."""
        return [CampusInline, AcademicPeriodInline] if obj else []

    @admin.display(description="students", ordering="students_")
    def student_count(self, institution: Any) -> int:
        return institution.students_

    @admin.display(description="classes", ordering="classes_")
    def class_count(self, institution: Any) -> int:
        return institution.classes_


@admin.register(Campus)
class CampusAdmin(admin.ModelAdmin):
    list_display = ("name", "city", "state", "institution")
    list_filter = ("institution", "state")
    list_select_related = ("institution",)
    search_fields = ("name", "city", "institution__name")
    autocomplete_fields = ("institution",)


@admin.register(AcademicPeriod)
class AcademicPeriodAdmin(admin.ModelAdmin):
    list_display = ("name", "institution", "starts_on", "ends_on")
    list_filter = ("institution",)
    list_select_related = ("institution",)
    search_fields = ("name", "institution__name")
    autocomplete_fields = ("institution",)
    date_hierarchy = "starts_on"


@admin.register(EnrolmentPeriod)
class EnrolmentPeriodAdmin(admin.ModelAdmin):
    list_display = ("academic_period", "institution", "opened_at", "closed_at", "is_open")
    list_filter = ("institution", ("closed_at", admin.EmptyFieldListFilter))
    list_select_related = ("academic_period", "institution")
    search_fields = ("academic_period__name", "institution__name")
    autocomplete_fields = ("institution", "academic_period")

    @admin.display(boolean=True, description="open")
    def is_open(self, period: EnrolmentPeriod) -> bool:
        return period.is_open
