"""Lessons and attendance."""

from django.contrib import admin

from opsconsole.examples.academics.models import Attendance, Lesson


class AttendanceInline(admin.TabularInline):
    model = Attendance
    autocomplete_fields = ("student",)
    extra = 0


@admin.register(Lesson)
class LessonAdmin(admin.ModelAdmin):
    list_display = ("class_group", "number", "held_on", "starts_at", "ends_at")
    list_filter = ("class_group__institution",)
    list_select_related = ("class_group",)
    search_fields = ("class_group__code", "class_group__discipline__name")
    autocomplete_fields = ("class_group",)
    date_hierarchy = "held_on"
    inlines = (AttendanceInline,)


@admin.register(Attendance)
class AttendanceAdmin(admin.ModelAdmin):
    list_display = ("student", "lesson", "is_present")
    list_filter = ("is_present", "lesson__class_group__institution")
    list_select_related = ("student", "lesson__class_group")
    search_fields = ("student__name", "lesson__class_group__code")
    autocomplete_fields = ("lesson", "student")
