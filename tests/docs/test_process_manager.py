"""A new process manager is one file: engine, streams and console serve it without being told."""

import re
from collections.abc import Iterator
from types import ModuleType

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from opsconsole.engine import emit
from opsconsole.engine.testing import run_until_idle
from opsconsole.streams import duties
from opsconsole.streams.models import Process
from tests.console.visitors import logged_in, look
from tests.docs.pages import Page
from tests.docs.playing import Session
from tests.docs.shop import Customer

HOW_TO = Page("docs/how-to/write-a-process-manager.md")
FILE = "shop/processes.py"


@pytest.fixture
def returns(playing: Session) -> ModuleType:
    playing.play(HOW_TO)
    duties.after_migrations()
    return playing.module("shop.processes")


@pytest.fixture
def operator(playing: Session) -> Iterator[Client]:
    yield logged_in(User.objects.create_superuser("ana"))
    User.objects.all().delete()


def test_all_of_it_is_one_file_that_builds_on_what_is_offered() -> None:
    blocks = [block for block in HOW_TO.blocks("python") if not block.file.startswith("shop/test_")]
    assert [block.file for block in blocks] == [FILE]
    ours = re.findall(r"^from (opsconsole[\w.]*) import", blocks[0].text, re.MULTILINE)
    assert ours == ["opsconsole.engine", "opsconsole.streams"]


def test_an_instance_of_it_has_its_page_in_the_console(returns: ModuleType, operator: Client) -> None:
    customer = Customer.objects.create(email="ana@example.org")
    with transaction.atomic():
        emit(returns.ReturnRequested(order_id=7, customer_id=customer.pk, cents=500))
    run_until_idle()
    process = Process.objects.get(type="shop.return", is_live=True)

    assert str(process.pk) in " ".join(look(operator, reverse("admin:ops_processes")).links)
    page = look(operator, reverse("admin:ops_process", args=[process.pk]))
    for state in returns.Return.lifecycle.states:
        assert state in page.text
    assert "Forgive" in page.text
