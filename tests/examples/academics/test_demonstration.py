"""The demonstration loads, trickles and publishes."""

from random import Random
from threading import Event
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, OperationalError

from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import run_until_idle
from opsconsole.examples.academics.demonstration.happenings import HAPPENINGS
from opsconsole.examples.academics.demonstration.partner import open_partner
from opsconsole.examples.academics.demonstration.teaching import open_class, transfer_students
from opsconsole.examples.academics.models import (
    Activity,
    ClassGroup,
    Institution,
    MailRefusal,
    Note,
    NotificationReceipt,
    ResetToken,
    Student,
    WebhookSubscription,
)
from opsconsole.examples.trickling import Happening, trickle
from opsconsole.kernel import clock
from tests.examples.academics import builders
from tests.examples.academics.postoffice import PostOffice

OPERATING = {
    "retry_command",
    "reprocess_command",
    "cancel_command",
    "reprocess_event",
    "reprocess_batch",
    "cancel_batch",
}


@pytest.mark.django_db
def test_loading_the_demonstration_twice_changes_nothing() -> None:
    get_user_model().objects.create_superuser("admin", password="secret")
    for _ in range(2):
        call_command("load_demo")
    assert Institution.objects.count() == StoredEvent.objects.count() == 1
    assert MailRefusal.objects.get().share == 12
    operator, viewer = (get_user_model().objects.get(username=name) for name in ("operator", "viewer"))
    assert operator.is_staff and operator.check_password("secret") and viewer.check_password("secret")
    engine = {name.split(".")[1] for name in operator.get_all_permissions() if name.startswith("ops_engine.")}
    assert engine >= OPERATING
    assert not any("delete_" in name or "add_" in name for name in engine)
    assert all(".view_" in name for name in viewer.get_all_permissions())
    assert viewer.get_all_permissions() < operator.get_all_permissions()


@pytest.mark.django_db
def test_a_knob_that_was_turned_stays_where_it_is() -> None:
    MailRefusal.objects.create(share=0)
    call_command("load_demo")
    assert MailRefusal.objects.get().share == 0


@pytest.mark.django_db
def test_roles_without_an_administrator_have_no_password() -> None:
    call_command("load_demo")
    assert not get_user_model().objects.get(username="viewer").has_usable_password()
    assert set(Group.objects.values_list("name", flat=True)) == {"operator", "viewer"}


@pytest.mark.django_db
@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda happening: happening.occur.__name__)
def test_everything_may_happen_before_there_is_anything(happening: Happening) -> None:
    happening.occur(Random(1))


@pytest.mark.django_db
def test_everything_that_may_happen_leaves_something_behind() -> None:
    builders.seeded(today=clock.now().date())
    for happening in HAPPENINGS:
        happening.occur(Random(1))
    assert Institution.objects.count() == 2
    assert Activity.objects.count() == Note.objects.count() == 1
    assert Student.objects.filter(email__endswith="@nowhere.example").count() == 1
    assert Student.objects.count() == 12
    assert ClassGroup.objects.filter(status="started").count() == 7
    assert ClassGroup.objects.filter(teacher__isnull=True).count() == 1
    assert ResetToken.objects.count() == 2


@pytest.mark.django_db
def test_institutions_are_founded_up_to_four() -> None:
    for _ in range(6):
        HAPPENINGS[0].occur(Random(1))
    assert Institution.objects.count() == 4


@pytest.mark.django_db
def test_classes_can_be_opened_again_and_again() -> None:
    institution = builders.seeded(today=clock.now().date())
    students = transfer_students(institution, 40, Random(1))
    codes = {open_class(institution, students, Random(1)).code for _ in range(3)}
    assert len(codes) == 3
    assert ClassGroup.objects.filter(code__in=codes, status="started", vacancies=40).count() == 3


def test_the_trickle_survives_a_lost_database_and_a_rule_that_is_broken(academy: None) -> None:
    stopped, seen = Event(), []

    def misbehave(random: Random) -> None:
        seen.append(len(seen))
        if len(seen) == 1:
            raise OperationalError("terminating connection due to administrator command")
        if len(seen) == 2:
            raise IntegrityError("somebody was faster")
        stopped.set()

    trickle([Happening(60_000.0, misbehave)], stopped, Random(1), rate=1.0)
    assert seen == [0, 1, 2]


def test_a_large_class_can_be_published_to(mail: PostOffice, capsys: Any) -> None:
    with pytest.raises(CommandError, match="no institution teaches yet"):
        call_command("publish_activity", "--students", "60")
    builders.seeded(today=clock.now().date())
    call_command("publish_activity", "--students", "60")
    run_until_idle()
    assert NotificationReceipt.objects.filter(student__isnull=False).count() == 60
    assert NotificationReceipt.objects.filter(teacher__isnull=False).count() == 1


def test_the_partner_keeps_its_subscription_and_follows_its_port(academy: None) -> None:
    urls = []
    for _ in range(2):
        sink = open_partner()
        urls.append(WebhookSubscription.objects.get().url)
        sink.shutdown()
        sink.server_close()
    assert urls[1] == sink.url


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(CommandError, match="above 0"):
        call_command("demo", "--rate", "0")
