"""A new note: its student is notified."""

from opsconsole.engine import Reacting, Work, handles, reacts_to
from opsconsole.examples.academics.commands import CreateNoteNotification
from opsconsole.examples.academics.events import ClassNoteAdded
from opsconsole.examples.academics.models import Note
from opsconsole.examples.academics.notifying import notify_of_note


@reacts_to(ClassNoteAdded)
def tell_the_student(event: ClassNoteAdded, work: Reacting) -> None:
    work.send(CreateNoteNotification(note_id=event.note_id))


@handles(CreateNoteNotification)
def create_note_notification(command: CreateNoteNotification, work: Work) -> None:
    notes = Note.objects.select_related("enrolment__student", "enrolment__class_group__discipline")
    notify_of_note(notes.get(pk=command.note_id))
