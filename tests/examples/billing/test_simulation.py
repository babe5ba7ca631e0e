"""The business that goes on by itself."""

import os
import signal
import threading
from collections import Counter
from decimal import Decimal
from random import Random
from threading import Event
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from opsconsole.embedded.waiting import wait_until
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.testing import run_until_idle, sent
from opsconsole.examples.billing import simulating
from opsconsole.examples.billing.commands import IssueDocument
from opsconsole.examples.billing.models import Document
from opsconsole.examples.billing.simulating import CUSTOMERS, TOLERATED, WORTH_PUBLISHING
from opsconsole.examples.trickling import Happening, trickle
from opsconsole.streams.models import Process
from tests.examples.billing.paperwork import failed, issued, publish, report_of, reported, the_process

pytestmark = pytest.mark.usefixtures("paperwork")


class Days(Event):
    """So many occasions, none of which takes any time; then it is over."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.left = count

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        return self.left < 0


def test_documents_of_one_to_fifty_are_issued_to_three_customers() -> None:
    trickle([Happening(20, simulating.issue)], Days(80), Random(1), rate=1)
    run_until_idle()

    amounts = set(Document.objects.values_list("amount", flat=True))
    assert Document.objects.count() == 80
    assert {document.customer for document in Document.objects.all()} == set(CUSTOMERS)
    assert amounts <= {Decimal(amount) for amount in range(1, 51)}
    assert len(amounts) > 20
    assert set(StoredCommand.objects.values_list("metadata__actor", flat=True)) == {"demonstration"}


def test_the_same_seed_makes_the_same_choices() -> None:
    for _ in range(2):
        trickle([Happening(20, simulating.issue)], Days(5), Random(7), rate=1)

    chosen = [(command.customer, command.amount) for command in sent(IssueDocument)]
    assert chosen[:5] == chosen[5:]


def test_people_void_what_is_open_and_what_is_published_too_late() -> None:
    document = issued()
    simulating.void(Random(1))
    run_until_idle()
    assert reported(document).state == "voided"

    late = issued()
    publish(report_of(late))
    simulating.void(Random(1))
    assert Process.objects.count() == 1, "nothing is open"
    simulating.void_too_late(Random(1))
    run_until_idle()
    assert the_process().status == "marking_failed"


def test_people_publish_reports_that_are_worth_it() -> None:
    simulating.publish(Random(1))
    documents = [issued() for _ in range(WORTH_PUBLISHING - 1)]
    simulating.publish(Random(1))
    assert not StoredCommand.objects.filter(type="reports.publish_report").exists()
    issued()
    simulating.publish(Random(1))
    run_until_idle()
    assert report_of(documents[0]).is_published


def test_people_acknowledge_the_oldest_failure_when_there_are_too_many() -> None:
    failures = [failed() for _ in range(TOLERATED)]
    simulating.acknowledge(Random(1))
    assert not StoredCommand.objects.filter(type="billing.acknowledge_process_failure").exists()
    failed()
    simulating.acknowledge(Random(1))
    run_until_idle()
    failures[0].refresh_from_db()
    assert failures[0].status == "failure_acknowledged"
    assert Counter(Process.objects.values_list("status", flat=True))["marking_failed"] == TOLERATED


def test_it_stops_when_it_is_told_to() -> None:
    ended = threading.Event()

    def stop() -> None:
        wait_until(lambda: ended.is_set() or StoredCommand.objects.count() >= 3, 30)
        os.kill(os.getpid(), signal.SIGTERM)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    stopper = threading.Thread(target=_with_own_connection(stop))
    stopper.start()
    try:
        call_command("simulate_billing", "--rate", "6000", "--people")
    finally:
        ended.set()
        stopper.join()
        for number, handler in before.items():
            signal.signal(number, handler)
    assert StoredCommand.objects.filter(type="billing.issue_document").count() >= 1


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(CommandError, match="above 0"):
        call_command("simulate_billing", "--rate", "0")


def _with_own_connection(function: Any) -> Any:
    from django.db import connection

    def run() -> None:
        try:
            function()
        finally:
            connection.close()

    return run
