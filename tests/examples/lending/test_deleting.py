"""Nothing goes with money in it, not even with money that comes while somebody deletes it."""

import threading
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client
from django.urls import reverse

from opsconsole.examples.lending import granting
from opsconsole.examples.lending.granting import GrantRefused
from opsconsole.examples.lending.models import Account, Asset, Company
from tests.chaos.site import eventually
from tests.concurrency.races import PATIENCE, at_once
from tests.concurrency.test_grant_races import somebody_waits
from tests.examples.lending import builders

pytestmark = pytest.mark.usefixtures("back_office")

EMPTY = {
    Company: builders.company,
    Account: lambda: builders.account(builders.company()),
    Asset: lambda: builders.asset(builders.company(), builders.company()),
}


@pytest.fixture
def administrator() -> Any:
    yield get_user_model().objects.create_superuser("admin")
    get_user_model().objects.all().delete()


def delete(row: Any, how: str, administrator: Any) -> int:
    """On its own page, or chosen in the list; returns the status of the answer."""
    client = Client()
    client.force_login(administrator)
    model = type(row)._meta.model_name
    if how == "page":
        return client.post(reverse(f"admin:lending_{model}_delete", args=[row.pk]), {"post": "yes"}).status_code
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    return client.post(reverse(f"admin:lending_{model}_changelist"), chosen).status_code


@pytest.mark.parametrize("how", ["page", "list"])
@pytest.mark.parametrize("model", EMPTY)
def test_what_is_paid_into_while_somebody_deletes_it_stays(administrator: Any, model: type, how: str):
    row = EMPTY[model]()
    is_paid = threading.Event()

    def pay() -> None:
        with transaction.atomic():
            model.objects.filter(pk=row.pk).update(balance=100)
            is_paid.set()
            eventually(somebody_waits, "waiting to delete it")

    def remove() -> int:
        assert is_paid.wait(PATIENCE)
        return delete(row, how, administrator)

    _, status = at_once(pay, remove)
    assert status == 403
    assert model.objects.get(pk=row.pk).balance == 100
    assert not LogEntry.objects.exists()


def test_a_grant_to_an_account_that_is_being_deleted_waits_and_is_refused(administrator: Any, monkeypatch: Any):
    source, account = builders.company(balance=10), builders.account(builders.company())
    is_being_deleted = threading.Event()
    log_deletions = LogEntry.objects.log_actions

    def log(*args: Any, **options: Any) -> Any:
        is_being_deleted.set()
        eventually(somebody_waits, "waiting for the account")
        return log_deletions(*args, **options)

    monkeypatch.setattr(LogEntry.objects, "log_actions", log)

    def grant() -> None:
        assert is_being_deleted.wait(PATIENCE)
        with transaction.atomic(), pytest.raises(GrantRefused, match="there is no account"):
            granting.grant(builders.grant(source, to=[builders.destination(account, "1.00")]))

    status, _ = at_once(lambda: delete(account, "page", administrator), grant)
    assert status == 302
    source.refresh_from_db()
    assert source.balance == 10


def test_an_account_stays_with_its_company(administrator: Any):
    """Else its money would go over to another one, and no event would say so."""
    account, other = builders.account(builders.company(), balance=5), builders.company()
    client = Client()
    client.force_login(administrator)
    address = reverse("admin:lending_account_change", args=[account.pk])
    client.post(address, {"company": other.pk, "number": account.number, "is_active": "on"})
    account.refresh_from_db()
    assert account.company_id != other.pk
