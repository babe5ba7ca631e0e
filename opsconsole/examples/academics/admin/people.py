"""Teachers and students."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from opsconsole.examples.academics.admin.bases import AnnouncedAdmin, ReadOnly
from opsconsole.examples.academics.admitting import admit_student, hire_teacher
from opsconsole.examples.academics.models import ClassEnrolment, ResetToken, Student, Teacher
from opsconsole.examples.academics.passwords import request_reset


class PersonAdmin(AnnouncedAdmin):
    readonly_fields = ("created_at",)
    date_hierarchy = "created_at"
    actions = ("send_reset_link",)

    @admin.action(description="Send a link for a new password", permissions=["change"])
    @transaction.atomic
    def send_reset_link(self, request: HttpRequest, people: QuerySet[Any]) -> None:
        asked = [request_reset(person) for person in people.select_related("institution")]
        messages.success(request, f"{len(asked)} asked for; the letters follow.")


@admin.register(Teacher)
class TeacherAdmin(PersonAdmin):
    list_display = ("name", "email", "institution", "created_at")
    list_filter = ("institution",)
    list_select_related = ("institution",)
    search_fields = ("name", "email")
    autocomplete_fields = ("institution",)

    def announce(self, row: Teacher) -> None:
        hire_teacher(row)


class EnrolmentInline(admin.TabularInline):
    model = ClassEnrolment
    autocomplete_fields = ("class_group",)
    readonly_fields = ("enrolled_at",)
    extra = 0


@admin.register(Student)
class StudentAdmin(PersonAdmin):
    list_display = ("name", "registration", "email", "course", "institution")
    list_filter = ("institution", "course_offering__course__name")
    list_select_related = ("institution", "course_offering__course")
    search_fields = ("name", "email", "registration")
    autocomplete_fields = ("institution", "course_offering")
    inlines = (EnrolmentInline,)

    def announce(self, row: Student) -> None:
        admit_student(row)

    @admin.display(ordering="course_offering__course__name")
    def course(self, student: Student) -> str:
        return student.course_offering.course.name


@admin.register(ResetToken)
class ResetTokenAdmin(ReadOnly, admin.ModelAdmin):
    """Never shows the token itself."""

    list_display = ("person", "created_at", "expires_at", "used_at")
    list_select_related = ("student", "teacher")
    search_fields = ("student__name", "teacher__name")
    fields = ("student", "teacher", "created_at", "expires_at", "used_at")
    date_hierarchy = "created_at"
