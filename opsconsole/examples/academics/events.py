"""What happens in the academic system."""

from opsconsole.engine import Event


class InstitutionCreated(Event, name="academics.institution_created", heeds_tenant=True):
    institution_id: int


class TeacherCreated(Event, name="academics.teacher_created", heeds_tenant=True):
    teacher_id: int


class StudentCreated(Event, name="academics.student_created", heeds_tenant=True):
    student_id: int


class ClassActivityCreated(Event, name="academics.class_activity_created"):
    activity_id: int


class ClassNoteAdded(Event, name="academics.class_note_added"):
    note_id: int


class PasswordResetRequested(Event, name="academics.password_reset_requested"):
    """The token itself stays in its table: it is a secret."""

    token_id: int


ALL: tuple[type[Event], ...] = (
    InstitutionCreated,
    TeacherCreated,
    StudentCreated,
    ClassActivityCreated,
    ClassNoteAdded,
    PasswordResetRequested,
)
