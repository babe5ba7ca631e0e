"""A teacher gives a note."""

from uuid import UUID

from django.db import transaction

from opsconsole.engine import emit
from opsconsole.examples.academics.events import ClassNoteAdded
from opsconsole.examples.academics.models import Note


@transaction.atomic
def record_note(note: Note) -> UUID:
    """Store a new note and say so; returns the event's id."""
    note.save(force_insert=True)
    institution = note.enrolment.class_group.institution
    return emit(ClassNoteAdded(note_id=note.pk), source=note, tenant=institution.tenant)
