"""Grants: every rule, the first error, and what is published."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError
from pydantic import ValidationError

from opsconsole.engine import send
from opsconsole.engine.models import Attempt
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import emitted, run_until_idle
from opsconsole.examples.lending.commands import GrantBalances
from opsconsole.examples.lending.events import BalancesGranted, Destination, Draw
from opsconsole.examples.lending.granting import SOURCES
from opsconsole.examples.lending.models import Account, Company
from opsconsole.kernel.identifiers import uuid7
from tests.examples.lending import builders
from tests.examples.lending.builders import destination

pytestmark = pytest.mark.usefixtures("back_office")


@pytest.fixture
def lender():
    return builders.company(balance=100)


@pytest.fixture
def receiver():
    return builders.account(builders.company())


def outcome(command: GrantBalances) -> tuple[str, str]:
    """The status, and the words of the refusal."""
    sent = send(command)
    run_until_idle()
    attempt = Attempt.objects.filter(subject_id=sent.id).first()
    return StoredCommand.objects.get(pk=sent.id).status, attempt.message if attempt else ""


def refused_because_of(command: GrantBalances, offender: object) -> str:
    """Refused, with the offender's id in the words; nothing else has happened. Returns the words."""
    before = balances()
    status, words = outcome(command)
    assert status == "error"
    assert str(offender) in words
    assert balances() == before
    assert emitted(BalancesGranted) == []
    return words


def balances() -> list[tuple[object, Decimal]]:
    rows = [row for model in (*SOURCES.values(), Account) for row in model.objects.order_by("pk")]
    return [(row.pk, row.balance) for row in rows]


def test_a_grant_moves_balances_and_is_published_on_a_fresh_stream_with_its_author(lender, receiver):
    command = builders.grant(lender, to=[destination(receiver, "60.50")], author="ana")

    assert outcome(command) == ("success", "")

    event = StoredEvent.objects.get(type="lending.balances_granted")
    assert (event.stream, event.version) == (f"lending.grant-{command.grant}", 1)
    assert emitted(BalancesGranted) == [
        BalancesGranted(
            grant=command.grant,
            author="ana",
            sources=(Draw(kind="company", id=lender.pk, amount=Decimal("60.50")),),
            destinations=command.destinations,
        )
    ]
    lender.refresh_from_db()
    receiver.refresh_from_db()
    assert (lender.balance, receiver.balance) == (Decimal("39.50"), Decimal("60.50"))


def test_all_that_is_available_may_be_granted(lender, receiver):
    assert outcome(builders.grant(lender, to=[destination(receiver, "100.00")]))[0] == "success"
    assert Company.objects.get(pk=lender.pk).balance == 0


def test_sources_are_drawn_upon_in_the_order_given(lender, receiver):
    lent = builders.asset(lender, builders.company(), balance=30)
    to = [destination(receiver, "25.00"), destination(builders.account(lender), "15.00")]

    assert outcome(builders.grant(lent, lender, to=to))[0] == "success"

    (granted,) = emitted(BalancesGranted)
    assert [(draw.kind, draw.amount) for draw in granted.sources] == [("asset", 30), ("company", 10)]
    assert granted.total == 40


def test_a_source_that_is_not_needed_gives_nothing(lender, receiver):
    other = builders.company(balance=5)
    outcome(builders.grant(lender, other, to=[destination(receiver, "100")]))
    (granted,) = emitted(BalancesGranted)
    assert [draw.id for draw in granted.sources] == [lender.pk]


@pytest.mark.parametrize("kind", ["asset", "company"])
def test_a_source_must_exist(receiver, kind):
    unknown = uuid7()
    command = GrantBalances(
        author="ana", sources=({"kind": kind, "id": unknown},), destinations=(destination(receiver, "1"),)
    )
    assert "there is no" in refused_because_of(command, unknown)


def test_a_company_is_not_an_asset(lender, receiver):
    command = GrantBalances(
        author="ana", sources=({"kind": "asset", "id": lender.pk},), destinations=(destination(receiver, "1"),)
    )
    refused_because_of(command, lender.pk)


def test_a_source_must_hold_a_balance(lender, receiver):
    empty = builders.asset(lender, builders.company())
    words = refused_because_of(builders.grant(lender, empty, to=[destination(receiver, "1")]), empty.pk)
    assert "holds no balance" in words


def test_an_account_must_exist(lender, receiver):
    nowhere = Destination(company=receiver.company_id, account=uuid4(), amount=Decimal(1))
    refused_because_of(builders.grant(lender, to=[destination(receiver, "1"), nowhere]), nowhere.account)


def test_an_account_must_be_one_of_the_company_that_is_named(lender, receiver):
    wrong = Destination(company=lender.pk, account=receiver.pk, amount=Decimal(1))
    words = refused_because_of(builders.grant(lender, to=[wrong]), receiver.pk)
    assert f"is not one of company {lender.pk}" in words


def test_an_account_must_be_active(lender, receiver):
    closed = builders.account(receiver.company, is_active=False)
    words = refused_because_of(
        builders.grant(lender, to=[destination(receiver, "1"), destination(closed, "1")]), closed.pk
    )
    assert "not active" in words


def test_the_sum_of_amounts_must_not_exceed_what_is_available(lender, receiver):
    to = [destination(receiver, "60"), destination(receiver, "40.01")]
    words = refused_because_of(builders.grant(lender, to=to), lender.pk)
    assert "100.01 is more than is available: 100.00" in words


def test_the_first_error_wins(lender, receiver):
    """Sources go before accounts, accounts before the sum, and each in the order given."""
    empty, poor = builders.company(), builders.company(balance=1)
    closed, other_closed = (builders.account(lender, is_active=False) for _ in range(2))
    to = [destination(closed, "999"), destination(other_closed, "1")]
    assert str(closed.pk) not in refused_because_of(builders.grant(poor, empty, to=to), empty.pk)
    assert str(other_closed.pk) not in refused_because_of(builders.grant(poor, to=to), closed.pk)


def test_the_same_grant_is_made_once(lender, receiver):
    command = builders.grant(lender, to=[destination(receiver, "10")])
    assert outcome(command)[0] == "success"
    assert outcome(command) == ("error", f"the grant {command.grant} was made already")
    assert Company.objects.get(pk=lender.pk).balance == 90
    assert len(emitted(BalancesGranted)) == 1


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "99999999999999999"])
def test_an_amount_is_a_positive_number_of_whole_cents(receiver, amount):
    with pytest.raises(ValidationError):
        destination(receiver, amount)


def test_a_source_is_named_once(lender, receiver):
    with pytest.raises(ValidationError, match=f"{lender.pk} is named 2 times"):
        builders.grant(lender, lender, to=[destination(receiver, "1")])


@pytest.mark.parametrize("part", [{"author": ""}, {"sources": ()}, {"destinations": ()}])
def test_a_grant_has_an_author_a_source_and_a_destination(lender, receiver, part):
    given = {"author": "ana", "sources": (builders.source(lender),), "destinations": (destination(receiver, "1"),)}
    with pytest.raises(ValidationError):
        GrantBalances(**(given | part))


def test_the_database_itself_refuses_a_balance_below_zero(lender):
    with pytest.raises(IntegrityError, match="lending_company_balance"):
        Company.objects.filter(pk=lender.pk).update(balance=-1)
