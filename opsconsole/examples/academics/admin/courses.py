"""What is taught."""

from django.contrib import admin

from opsconsole.examples.academics.models import (
    Course,
    CourseOffering,
    Curriculum,
    CurriculumDiscipline,
    Discipline,
)


@admin.register(Discipline)
class DisciplineAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "institution")
    list_filter = ("institution",)
    list_select_related = ("institution",)
    search_fields = ("code", "name")
    autocomplete_fields = ("institution",)


@admin.register(Course)
class CourseAdmin(admin.ModelAdmin):
    list_display = ("name", "degree", "institution")
    list_filter = ("degree", "institution")
    list_select_related = ("institution",)
    search_fields = ("name",)
    autocomplete_fields = ("institution",)


class CurriculumDisciplineInline(admin.TabularInline):
    model = CurriculumDiscipline
    autocomplete_fields = ("discipline",)
    extra = 0


@admin.register(Curriculum)
class CurriculumAdmin(admin.ModelAdmin):
    list_display = ("name", "course", "institution")
    list_filter = ("institution",)
    list_select_related = ("course", "institution")
    search_fields = ("name", "course__name")
    autocomplete_fields = ("institution", "course")
    inlines = (CurriculumDisciplineInline,)


@admin.register(CourseOffering)
class CourseOfferingAdmin(admin.ModelAdmin):
    list_display = ("course", "shift", "academic_period", "campus", "institution")
    list_filter = ("shift", "institution")
    list_select_related = ("course", "academic_period", "campus", "institution")
    search_fields = ("course__name", "campus__name")
    autocomplete_fields = ("institution", "campus", "course", "curriculum", "academic_period")
