"""The administrator that `up` makes, and whose password counts."""

import stat

import pytest
from django.contrib.auth import get_user_model

from opsconsole.config.management.commands.prepare_site import make_administrator

pytestmark = pytest.mark.django_db


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.delenv("OPSCONSOLE_ADMIN_PASSWORD", raising=False)
    return tmp_path / "admin-password"


def administrator():
    return get_user_model().objects.get(username="admin")


def test_a_made_up_password_is_kept_for_us_only(file):
    make_administrator(file)
    assert administrator().is_superuser
    assert administrator().check_password(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_second_time_changes_nothing(file):
    make_administrator(file)
    before = administrator().password, file.read_text()
    make_administrator(file)
    assert (administrator().password, file.read_text()) == before


def test_a_given_password_is_set_also_on_an_old_administrator(file, monkeypatch):
    make_administrator(file)
    monkeypatch.setenv("OPSCONSOLE_ADMIN_PASSWORD", "open sesame")
    make_administrator(file)
    assert administrator().check_password("open sesame")


def test_a_password_changed_in_the_console_stays_and_the_file_goes(file):
    make_administrator(file)
    user = administrator()
    user.set_password("my own")
    user.save()
    make_administrator(file)
    assert administrator().check_password("my own")
    assert not file.exists()
