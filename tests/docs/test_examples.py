"""Every example of the documentation runs, and does what its page says."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import mail

from opsconsole.engine import claiming, operations, send
from opsconsole.engine.models import Attempt, Batch, Command, Event, Pause, Workflow
from opsconsole.engine.testing import run_until_idle
from tests.docs.pages import Page, pages, readme_command
from tests.docs.playing import Session, is_played
from tests.docs.shop import Customer, Order

HOW_TO = "docs/how-to/"


def _played(page: Page) -> bool:
    return any(is_played(block) for block in page.blocks("python"))


@pytest.mark.parametrize("document", list(filter(_played, pages())), ids=lambda document: document.name)
def test_the_examples_of_a_page_run(playing: Session, document: Page):
    playing.play(document)
    run_until_idle()


def test_write_a_handler(playing: Session):
    page = playing.play(Page(HOW_TO + "write-a-handler.md"))
    order = page.order
    run_until_idle()
    order.refresh_from_db()
    assert order.invoice_number == f"{order.pk:06}"
    placed = Event.objects.get(type="shop.order_placed")
    assert (placed.source_model, placed.source_id) == ("shop.order", str(order.pk))
    names = [letter.extra_headers["Message-ID"] for letter in mail.outbox if letter.to == ["ana@example.org"]]
    written = Command.objects.get(type="shop.mail_invoice", correlation_id=placed.pk)
    assert f"<{written.pk}@shop.example>" in names, "there is another one when it happens to be order 7"
    late = Command.objects.get(type="shop.mail_invoice", status="pending", attempts=0, unique_key=None)
    assert late.not_before - late.created_at == timedelta(days=14)


def test_an_older_payload_is_read_by_the_version_of_today(playing: Session):
    page = playing.play(Page(HOW_TO + "write-a-handler.md"))
    customer = page.order.customer
    charge = playing.module("shop.messages").ChargeCustomer
    identifier = send(charge(customer_id=customer.pk, cents=1)).id
    Command.objects.filter(pk=identifier).update(schema_version=1, payload={"customer_id": customer.pk, "euros": 12})
    run_until_idle()
    customer.refresh_from_db()
    assert customer.balance == 1200


def test_retries_and_outcomes(playing: Session):
    playing.play(Page(HOW_TO + "retries-and-outcomes.md"))
    messages = playing.module("shop.messages")
    unpaid = Order.objects.create(customer=Customer.objects.create(email="ana@example.org"), total=1)
    asked = {
        "gone": messages.MailReceipt(order_id=unpaid.pk + 1),
        "unpaid": messages.MailReceipt(order_id=unpaid.pk),
        "unknown": messages.CallPartner(order_id=-1),
        "closed": messages.CallPartner(order_id=1),
        "broken": messages.SyncStock(),
        "fine": messages.ReserveStock(),
    }
    ids = {name: send(command).id for name, command in asked.items()}
    run_until_idle()
    assert {name: _ended(ids[name]) for name in asked} == {
        "gone": ("cancelled", 1, "cancelled"),
        "unpaid": ("pending", 0, "snoozed"),
        "unknown": ("error", 1, "discarded"),
        "closed": ("pending", 1, "retry"),
        "broken": ("pending", 1, "retry"),
        "fine": ("success", 1, None),
    }


def test_the_delays_in_the_docstrings_are_those_of_the_policies(playing: Session):
    playing.play(Page(HOW_TO + "retries-and-outcomes.md"))
    messages = playing.module("shop.messages")

    def delays(message: Any) -> list[float]:
        policy = message.__contract__.retry
        return [policy.delay(attempt) for attempt in range(1, policy.max_attempts)]

    assert delays(messages.SyncStock) == [30, 30, 30]
    assert delays(messages.ReserveStock) == [10, 20, 30]
    assert delays(messages.CallPartner) == [60, 300, 1800]
    for delay, full in zip(delays(messages.MailReceipt), (5, 10, 20, 40, 80, 160), strict=True):
        assert 0.9 * full <= delay <= full


def _ended(identifier: UUID) -> tuple[str, int, str | None]:
    command = Command.objects.get(pk=identifier)
    attempt = Attempt.objects.filter(subject_id=identifier).order_by("id").last()
    return command.status, command.attempts, attempt and attempt.outcome


class TestBatchesAndWorkflows:
    @pytest.fixture(autouse=True)
    def _page(self, playing: Session) -> None:
        playing.play(Page(HOW_TO + "batches-and-workflows.md"))
        self.messages = playing.module("shop.messages")
        self.onboard = playing.module("shop.onboarding").onboard
        self.good, self.bad = (Customer.objects.create(email=email) for email in ("a@b", "nobody"))

    def _announce(self) -> Batch:
        send(self.messages.AnnounceSale())
        run_until_idle(ignore_due_times=True)
        return Batch.objects.get()

    def _reports(self) -> dict[str, str]:
        return dict(Command.objects.filter(cause_kind="batch").values_list("release_on", "status"))

    def test_a_failed_member_lets_the_failure_go_and_healing_lets_the_success_go(self):
        batch = self._announce()
        assert batch.status == "error"
        assert self._reports() == {"success": "awaiting", "failure": "success"}
        Customer.objects.filter(pk=self.bad.pk).update(email="c@d")
        assert operations.reprocess_batch(batch.pk, actor="ana").changed == 1
        run_until_idle()
        batch.refresh_from_db()
        assert batch.status == "success"
        assert self._reports() == {"success": "success", "failure": "success"}

    def test_when_all_members_succeed_the_command_for_failure_is_dropped(self):
        self.bad.delete()
        assert self._announce().status == "success"
        assert self._reports() == {"success": "success", "failure": "cancelled"}

    def test_a_batch_with_cancelled_members_releases_failure_and_never_success(self):
        announced = send(self.messages.AnnounceSale()).id
        claiming.forget()
        Pause.objects.create(scope="queue", key="mail")
        run_until_idle_but_mail()
        batch = Batch.objects.get(cause_id=announced)
        operations.cancel_batch(batch.pk, actor="ana")
        Pause.objects.all().delete()
        run_until_idle()
        batch.refresh_from_db()
        assert batch.status == "cancelled"
        assert self._reports() == {"success": "awaiting", "failure": "success"}

    def test_the_workflow_runs_in_its_order(self):
        workflow = Workflow.objects.get(pk=self.onboard(self.good.pk))
        run_until_idle()
        workflow.refresh_from_db()
        assert workflow.status == "success"
        self.good.refresh_from_db()
        assert self.good.welcomed_at is not None
        welcome = workflow.steps.get(name="welcome")
        others = workflow.steps.exclude(name="welcome").values_list("settled_at", flat=True)
        assert all(welcome.settled_at >= settled for settled in others)

    def test_a_failed_step_stops_those_behind_it_until_the_workflow_is_resumed(self):
        identifier = self.onboard(self.bad.pk)
        run_until_idle(ignore_due_times=True)
        workflow = Workflow.objects.get(pk=identifier)
        statuses = dict(workflow.steps.values_list("name", "status"))
        assert statuses == {
            "account": "success",
            "credit": "success",
            "offers": "error",
            "welcome": "awaiting",
        }
        assert workflow.status == "error"
        Customer.objects.filter(pk=self.bad.pk).update(email="c@d")
        assert operations.resume_workflow(identifier, actor="ana").changed == 1
        run_until_idle()
        workflow.refresh_from_db()
        assert workflow.status == "success"


def run_until_idle_but_mail() -> None:
    claiming._paused.read_at = 0.0
    run_until_idle()


class TestLimitsAndPauses:
    @pytest.fixture(autouse=True)
    def _page(self, playing: Session) -> None:
        playing.play(Page(HOW_TO + "limits-and-pauses.md"))
        self.messages = playing.module("shop.messages")
        Pause.objects.all().delete()
        claiming.forget()

    def test_a_burst_is_claimed_at_once_and_no_more(self):
        for _ in range(15):
            send(self.messages.AskRatesInBursts())
        chunk = claiming.claim_commands("default")
        assert chunk is not None
        assert len(chunk.commands) == 10

    def test_two_at_a_time_and_the_others_in_the_queue_go_on(self):
        for _ in range(5):
            send(self.messages.RenderCatalogue())
        first = claiming.claim_commands("default")
        assert first is not None
        assert len(first.commands) == 2
        send(self.messages.AskRates())
        second = claiming.claim_commands("default")
        assert second is not None
        assert [command.type for command in second.commands] == ["shop.ask_rates"]

    @pytest.mark.parametrize(("scope", "key"), [("type", "shop.ask_rates"), ("queue", "default"), ("tenant", "north")])
    def test_a_paused_command_is_not_claimed_until_the_pause_is_lifted(self, scope: str, key: str):
        pause = Pause.objects.create(scope=scope, key=key)
        send(self.messages.AskRates(), tenant="north")
        claiming.forget()
        assert claiming.claim_commands("default") is None
        pause.delete()
        claiming.forget()
        assert claiming.claim_commands("default") is not None


def test_the_readmes_handler_runs_and_what_it_logged_is_kept(playing: Session):
    playing.play(Page("README.md"))
    exec(readme_command())  # noqa: S102 - our own documentation
    run_until_idle()
    greeted = Command.objects.get()
    assert (greeted.type, greeted.status) == ("greetings.greet", "success")
    assert [line["text"] for line in greeted.log] == ["Hello, Ana!"]


def test_the_readmes_first_handler_has_ten_lines():
    (block,) = Page("README.md").blocks("python")
    assert sum(bool(line.strip()) for line in block.text.splitlines()[1:]) <= 10
