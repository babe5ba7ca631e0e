"""The academic system in the admin."""

from datetime import date
from typing import Any

import django
import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from opsconsole.engine.models import Event as StoredEvent
from opsconsole.examples.academics import models
from opsconsole.examples.academics.grading import record_note
from opsconsole.examples.academics.passwords import request_reset
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from tests.examples.academics import builders

pytestmark = pytest.mark.django_db

OURS = [getattr(models, name) for name in models.__all__]
REGISTERED = [model for model in OURS if admin.site.is_registered(model)]
HIDDEN = {models.CurriculumDiscipline, models.ScheduleSlot, models.WebhookAttempt}  # edited inside others
NASTY = "<script>alert('x')</script>"


def url(model: type, page: str, *args: Any) -> str:
    return reverse(f"admin:academics_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def client(administrator: Any) -> Client:
    client = Client()
    client.force_login(administrator)
    return client


@pytest.fixture
def institution() -> models.Institution:
    """With at least one row of everything."""
    institution = builders.seeded(today=date(2026, 11, 21), name=f"Universidade {NASTY}")
    enrolment = models.ClassEnrolment.objects.first()
    activity = builders.activity(enrolment.class_group, title=NASTY)
    activity.save()
    note = models.Note(enrolment=enrolment, unit="N1", value=7)
    record_note(note)
    request_reset(enrolment.student)
    notification = models.Notification.objects.create(institution=institution, title=NASTY, body=NASTY)
    models.NotificationReceipt.objects.create(notification=notification, student=enrolment.student)
    models.MailRefusal.objects.create(share=12)
    models.SentMail.objects.create(message_id="<1>", subject=NASTY, body=f"<b>{NASTY}\nsecond", recipient=NASTY)
    subscription = models.WebhookSubscription.objects.create(
        name=NASTY, url="https://x.example/", event_types=["academics.student_created"]
    )
    call = models.WebhookCall.objects.create(
        subscription=subscription, event_id=uuid7(), event_type="x", body={"html": NASTY}
    )
    models.WebhookAttempt.objects.create(
        call=call, number=1, command_id=uuid7(), status_code=500, response_body=NASTY,
        latency=clock.now() - clock.now(), started_at=clock.now(),
    )  # fmt: skip
    return institution


def test_everything_is_in_the_admin_of_this_site() -> None:
    assert set(OURS) - set(REGISTERED) == HIDDEN


def test_lists_and_forms_open_and_show_nothing_unescaped(client: Client, institution: Any) -> None:
    for model in REGISTERED:
        pk = model._default_manager.order_by("-pk").first().pk
        for page in (url(model, "changelist"), url(model, "change", pk), f"{url(model, 'changelist')}?q=a"):
            response = client.get(page, follow=True)
            assert response.status_code == 200, page
            assert NASTY not in response.content.decode(), page


def test_lists_do_not_ask_once_a_row(client: Client, institution: Any, django_assert_max_num_queries: Any) -> None:
    for model in REGISTERED:
        with django_assert_max_num_queries(25, info=model.__name__):
            client.get(url(model, "changelist"), follow=True)


def test_every_action_names_the_permission_it_needs(rf: Any, administrator: Any) -> None:
    request = rf.get("/")
    request.user = administrator
    for model in REGISTERED:
        for name, action in admin.site.get_model_admin(model).get_actions(request).items():
            function = action.func if django.VERSION >= (6, 1) else action[0]
            assert getattr(function, "allowed_permissions", None), f"{name} of {model.__name__}"


def test_adding_an_institution_sets_off_its_seeding(client: Client) -> None:
    assert client.get(url(models.Institution, "add")).status_code == 200
    response = client.post(url(models.Institution, "add"), {"name": "Vale Verde", "slug": "vale-verde"})
    assert response.status_code == 302
    institution = models.Institution.objects.get()
    event = StoredEvent.objects.get()
    assert (event.type, event.source_id) == ("academics.institution_created", str(institution.pk))
    assert event.cause_kind == "user" and event.metadata["actor"] == "admin"
    change = {"name": "Vale Azul", "slug": "vale-azul"}
    change |= {
        f"{inline}-{total}_FORMS": 0 for inline in ("campuses", "academic_periods") for total in ("TOTAL", "INITIAL")
    }
    response = client.post(url(models.Institution, "change", institution.pk), change)
    assert response.status_code == 302
    assert models.Institution.objects.get().name == "Vale Azul"
    assert StoredEvent.objects.count() == 1, "a change announces nothing"


def test_adding_an_activity_publishes_it(client: Client) -> None:
    group = builders.class_group(builders.institution())
    given = {
        "class_group": group.pk, "title": "Prova", "description": "", "kind": "exam", "unit": "N1",
        "weight": 20, "due_on": "2026-12-01",
    }  # fmt: skip
    assert client.post(url(models.Activity, "add"), given).status_code == 302
    assert StoredEvent.objects.get().type == "academics.class_activity_created"


def test_a_form_that_is_refused_announces_nothing(client: Client) -> None:
    group = builders.class_group(builders.institution(), status="finished")
    given = {
        "class_group": group.pk,
        "title": "Prova",
        "kind": "exam",
        "unit": "N1",
        "weight": 20,
        "due_on": "2026-12-01",
    }
    response = client.post(url(models.Activity, "add"), given)
    assert response.status_code == 200 and "finished" in response.content.decode()
    assert not StoredEvent.objects.exists()


def test_adding_people_and_notes_announces_them(client: Client) -> None:
    institution = builders.institution()
    group = builders.class_group(institution, students=1)
    person = {"institution": institution.pk, "name": "Lia Dias", "email": "lia@x.example"}
    client.post(url(models.Teacher, "add"), person)
    none = {"enrolments-TOTAL_FORMS": 0, "enrolments-INITIAL_FORMS": 0}
    study = {"course_offering": institution.course_offerings.get().pk, "registration": "77"}
    client.post(url(models.Student, "add"), person | study | none)
    client.post(url(models.Note, "add"), {"enrolment": group.enrolments.get().pk, "unit": "N1", "value": "9.5"})
    types = [event.type.split(".")[1] for event in StoredEvent.objects.order_by("id")]
    assert types == ["teacher_created", "student_created", "class_note_added"]


def test_a_reset_link_is_asked_for_by_an_action(client: Client) -> None:
    builders.class_group(builders.institution(), students=2)
    chosen = [student.pk for student in models.Student.objects.all()]
    client.post(url(models.Student, "changelist"), {"action": "send_reset_link", "_selected_action": chosen})
    assert models.ResetToken.objects.count() == StoredEvent.objects.count() == 2


def test_who_may_only_look_cannot_act(institution: Any) -> None:
    viewer = get_user_model().objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(viewer)
    before = StoredEvent.objects.count(), models.ClassGroup.objects.filter(status="finished").count()
    chosen = [models.Student.objects.first().pk]
    client.post(url(models.Student, "changelist"), {"action": "send_reset_link", "_selected_action": chosen})
    groups = [group.pk for group in models.ClassGroup.objects.all()]
    client.post(url(models.ClassGroup, "changelist"), {"action": "finish", "_selected_action": groups})
    for model in REGISTERED:
        assert client.post(url(model, "add"), {"name": "x", "slug": "x"}).status_code == 403
    assert before == (
        StoredEvent.objects.count(),
        models.ClassGroup.objects.filter(status="finished").count(),
    )


def test_moving_classes_tells_how_many_moved_and_how_many_did_not(client: Client) -> None:
    institution = builders.institution()
    groups = [builders.class_group(institution, status=status) for status in ("started", "started", "finished")]
    chosen = {"action": "finish", "_selected_action": [group.pk for group in groups]}
    page = client.post(url(models.ClassGroup, "changelist"), chosen, follow=True).content.decode()
    assert "2 now finished." in page and "1 left alone" in page


def test_a_new_class_gets_its_lessons(client: Client) -> None:
    institution = builders.institution()
    other = builders.class_group(institution)
    given = {
        "institution": institution.pk, "code": "NEW", "discipline": other.discipline_id,
        "campus": other.campus_id, "academic_period": other.academic_period_id, "vacancies": 30,
        "slots-TOTAL_FORMS": 1, "slots-INITIAL_FORMS": 0, "slots-0-weekday": 2,
        "slots-0-starts_at": "19:00", "slots-0-ends_at": "21:00",
        "enrolments-TOTAL_FORMS": 0, "enrolments-INITIAL_FORMS": 0,
    }  # fmt: skip
    response = client.post(url(models.ClassGroup, "add"), given)
    assert response.status_code == 302
    lessons = models.Lesson.objects.filter(class_group__code="NEW")
    assert lessons.count() == 20 and {lesson.held_on.isoweekday() for lesson in lessons} == {2}


def test_sent_mail_can_be_looked_at_and_not_be_changed(client: Client, institution: Any) -> None:
    mail = models.SentMail.objects.get()
    page = client.get(url(models.SentMail, "change", mail.pk)).content.decode()
    assert "&lt;script&gt;" in page and "second" in page
    assert client.post(url(models.SentMail, "change", mail.pk), {"subject": "y"}).status_code == 403
    assert client.get(url(models.SentMail, "add")).status_code == 403


def test_the_knob_is_turned_in_its_only_form(client: Client) -> None:
    assert client.get(url(models.MailRefusal, "changelist")).url == url(models.MailRefusal, "add")
    assert (
        client.post(url(models.MailRefusal, "add"), {"share": 12, "reply": "temporary", "window": 0}).status_code == 302
    )
    assert client.get(url(models.MailRefusal, "changelist")).url == url(models.MailRefusal, "change", 1)
    client.post(url(models.MailRefusal, "change", 1), {"share": 0, "reply": "permanent", "window": 60})
    knob = models.MailRefusal.objects.get()
    assert (knob.share, knob.reply, knob.window) == (0, "permanent", 60)
    assert client.get(url(models.MailRefusal, "add")).status_code == 403
    response = client.post(url(models.MailRefusal, "change", 1), {"share": 101, "reply": "temporary", "window": 0})
    assert response.status_code == 200 and "between 0 and 100" in response.content.decode()


def subscription(**changes: Any) -> dict[str, Any]:
    given = {
        "name": "Partner", "institution": "", "url": "https://8.8.8.8/hook", "key": "",
        "event_types": ["academics.student_created"], "is_active": "on",
    }  # fmt: skip
    return given | changes


def test_a_subscription_keeps_its_key_secret_and_unless_a_new_one_is_given(client: Client) -> None:
    client.post(url(models.WebhookSubscription, "add"), subscription())
    made = models.WebhookSubscription.objects.get()
    assert len(made.key) >= 32
    change = url(models.WebhookSubscription, "change", made.pk)
    assert made.key not in client.get(change).content.decode()
    client.post(change, subscription(name="Renamed"))
    kept = models.WebhookSubscription.objects.get()
    assert (kept.name, kept.key) == ("Renamed", made.key)
    client.post(change, subscription(key="x" * 16))
    assert models.WebhookSubscription.objects.get().key == "x" * 16


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://10.0.0.1/"},
        {"url": "http://169.254.169.254/latest"},
        {"url": "ftp://8.8.8.8/"},
        {"url": "nonsense"},
        {"event_types": []},
        {"event_types": ["academics.made_up"]},
        {"key": "short"},
    ],
)
def test_a_wrong_subscription_is_refused(client: Client, changes: dict[str, Any]) -> None:
    response = client.post(url(models.WebhookSubscription, "add"), subscription(**changes))
    assert response.status_code == 200 and "errorlist" in response.content.decode()
    assert not models.WebhookSubscription.objects.exists()
