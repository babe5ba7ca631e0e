"""What a form has loaded may have changed by the time that it is saved."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client

from opsconsole.examples.lending import dealing, granting, models
from opsconsole.streams import load
from tests.concurrency.races import at_once
from tests.examples.lending import builders
from tests.examples.lending.test_admin import nothing, url

pytestmark = pytest.mark.usefixtures("back_office")


@pytest.fixture
def client() -> Any:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("admin"))
    yield client
    get_user_model().objects.all().delete()


def meanwhile(monkeypatch: Any, model: type, happens: Callable[[], Any]) -> None:
    """Behind the back of a form of this model, between its loading and its saving, somebody else commits this."""
    model_admin = admin.site.get_model_admin(model)
    save_model = model_admin.save_model

    def save(*args: Any, **options: Any) -> None:
        at_once(happens)
        save_model(*args, **options)

    monkeypatch.setattr(model_admin, "save_model", save)


def grant(source: models.Asset | models.Company, account: models.Account, amount: str) -> None:
    with transaction.atomic():
        granting.grant(builders.grant(source, to=[builders.destination(account, amount)]))


def balance(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk).balance


def with_account(account: models.Account, **changes: Any) -> dict[str, Any]:
    """A company's inline that changes an account."""
    return {
        "accounts-TOTAL_FORMS": 1, "accounts-INITIAL_FORMS": 1, "accounts-0-id": account.pk,
        "accounts-0-company": account.company_id, "accounts-0-number": account.number, **changes,
    }  # fmt: skip


def test_a_company_that_is_renamed_while_it_grants_does_not_get_its_balance_back(client: Client, monkeypatch: Any):
    source, account = builders.company(balance=100), builders.account(builders.company())
    meanwhile(monkeypatch, models.Company, partial(grant, source, account, "40.00"))
    posted = client.post(url(models.Company, "change", source.pk), {"name": "Boreal"} | nothing("accounts"))
    assert posted.status_code == 302
    source.refresh_from_db()
    assert (source.name, source.balance, balance(account)) == ("Boreal", 60, 40)


def test_an_asset_that_is_renamed_while_it_grants_does_not_get_its_balance_back(client: Client, monkeypatch: Any):
    asset = builders.asset(builders.company(), builders.company(), balance=100)
    meanwhile(monkeypatch, models.Asset, partial(grant, asset, builders.account(builders.company()), "40.00"))
    given = {"name": "Mill", "sender": asset.sender_id, "receiver": asset.receiver_id}
    assert client.post(url(models.Asset, "change", asset.pk), given | nothing("values_over_time")).status_code == 302
    asset.refresh_from_db()
    assert (asset.name, asset.balance) == ("Mill", 60)


def test_an_account_that_is_closed_while_it_is_paid_into_keeps_what_it_got(client: Client, monkeypatch: Any):
    source, account = builders.company(balance=100), builders.account(builders.company())
    meanwhile(monkeypatch, models.Account, partial(grant, source, account, "40.00"))
    given = {"company": account.company_id, "number": account.number}  # an unchecked box is not sent
    assert client.post(url(models.Account, "change", account.pk), given).status_code == 302
    account.refresh_from_db()
    assert (account.is_active, account.balance) == (False, 40)


def test_so_does_one_that_is_closed_on_the_page_of_its_company(client: Client, monkeypatch: Any):
    source, account = builders.company(balance=100), builders.account(builders.company())
    meanwhile(monkeypatch, models.Company, partial(grant, source, account, "40.00"))
    given = {"name": account.company.name} | with_account(account)
    assert client.post(url(models.Company, "change", account.company_id), given).status_code == 302
    account.refresh_from_db()
    assert (account.is_active, account.balance) == (False, 40)


def test_a_row_that_was_read_before_a_grant_may_be_saved_from_anywhere():
    source, account = builders.company(balance=100), builders.account(builders.company())
    grant(source, account, "40.00")
    for row in (source, account):
        row.save()
    assert (balance(source), balance(account)) == (60, 40)


def test_a_deal_that_is_activated_while_somebody_renames_it_stays_activated(client: Client, monkeypatch: Any):
    deal = builders.deal((builders.company(), "lender"), rating_tier="B")
    meanwhile(monkeypatch, models.Deal, partial(dealing.activate, deal.pk))
    given = {"reference": "D-renamed", "product_line": deal.product_line, "rating_tier": "A"}
    assert client.post(url(models.Deal, "change", deal.pk), given | nothing("parties")).status_code == 302
    deal.refresh_from_db()
    assert (deal.reference, deal.rating_tier, deal.status) == ("D-renamed", "A", "activated")
    state = load(dealing.DealHistory, deal.pk).state
    assert (state.told.rating_tier, state.is_activated) == ("A", True)


def test_a_deal_that_is_deleted_while_somebody_renames_it_is_left_alone_and_that_is_said(
    client: Client, monkeypatch: Any
):
    deal = builders.deal((builders.company(), "lender"))
    meanwhile(monkeypatch, models.Deal, partial(dealing.delete, deal.pk))
    given = {"reference": "D-renamed", "product_line": deal.product_line, "rating_tier": "A"}
    page = client.post(url(models.Deal, "change", deal.pk), given | nothing("parties"), follow=True)
    assert "Nothing was changed: a deleted deal does not change." in page.content.decode()
    deal.refresh_from_db()
    assert (deal.reference == "D-renamed", deal.status) == (False, "deleted")
