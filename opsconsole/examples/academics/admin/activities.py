"""Activities and notes."""

from django.contrib import admin

from opsconsole.examples.academics.admin.bases import AnnouncedAdmin
from opsconsole.examples.academics.grading import record_note
from opsconsole.examples.academics.models import Activity, Note
from opsconsole.examples.academics.publishing import publish_activity


@admin.register(Activity)
class ActivityAdmin(AnnouncedAdmin):
    list_display = ("title", "kind", "class_group", "unit", "weight", "due_on", "published_at")
    list_filter = ("kind", "unit", "class_group__institution")
    list_select_related = ("class_group",)
    search_fields = ("title", "class_group__code", "class_group__discipline__name")
    autocomplete_fields = ("class_group",)
    readonly_fields = ("class_group", "published_at")  # its class was told of it
    date_hierarchy = "published_at"

    def announce(self, row: Activity) -> None:
        publish_activity(row)


@admin.register(Note)
class NoteAdmin(AnnouncedAdmin):
    list_display = ("student", "class_group", "unit", "value", "recorded_at")
    list_filter = ("unit", "enrolment__class_group__institution")
    list_select_related = ("enrolment__student", "enrolment__class_group")
    search_fields = ("enrolment__student__name", "enrolment__class_group__code")
    autocomplete_fields = ("enrolment",)
    readonly_fields = ("recorded_at",)

    def announce(self, row: Note) -> None:
        record_note(row)

    @admin.display(ordering="enrolment__student__name")
    def student(self, note: Note) -> str:
        return note.enrolment.student.name

    @admin.display(description="class", ordering="enrolment__class_group__code")
    def class_group(self, note: Note) -> str:
        return note.enrolment.class_group.code
