"""Make the site ready to run: the tables, an administrator and, if wanted, the demonstration."""

import os
import secrets
from argparse import ArgumentParser, BooleanOptionalAction
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand

ADMINISTRATOR = "admin"


class Command(BaseCommand):
    """Everything in one process, because starting Django takes a second. May be run again at any time."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action=BooleanOptionalAction, default=False, help="load the demonstration")
        parser.add_argument(
            "--password-file",
            type=Path,
            required=True,
            help="holds the administrator's password if it is made up",
        )

    def handle(self, *, demo: bool, password_file: Path, **options: Any) -> None:
        call_command("migrate", interactive=False, stdout=self.stdout)
        make_administrator(password_file)
        if demo:
            call_command("load_demo", stdout=self.stdout)
            call_command("load_lending_demo", stdout=self.stdout)


def make_administrator(password_file: Path) -> User:
    """Make sure of an administrator whose password is OPSCONSOLE_ADMIN_PASSWORD, else what the file holds.

    A password that was changed in the console stays; the file, which would be wrong then, goes.
    """
    given = os.environ.get("OPSCONSOLE_ADMIN_PASSWORD")
    users = get_user_model()._default_manager
    user = users.filter(username=ADMINISTRATOR).first()
    if user is None:
        return users.create_superuser(ADMINISTRATOR, password=given or _kept_password(password_file))
    if given:
        if not user.check_password(given):
            user.set_password(given)
            user.save(update_fields=["password"])
    elif password_file.exists() and not user.check_password(password_file.read_text()):
        password_file.unlink()
    return user


def _kept_password(file: Path) -> str:
    if not file.exists():
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(secrets.token_urlsafe(12))
    return file.read_text()
