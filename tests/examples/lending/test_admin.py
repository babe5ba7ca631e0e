"""The lending back office in the admin."""

from datetime import date
from decimal import Decimal
from typing import Any

import django
import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from opsconsole.engine import send
from opsconsole.engine.models import Attempt
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import emitted, run_until_idle
from opsconsole.examples.lending import models
from opsconsole.examples.lending.events import AssetValued, BalanceAdded, DealCreated, DealUpdated, LateFeeIncurred
from opsconsole.examples.lending.membership import Membership
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams import load
from tests.examples.lending import builders
from tests.examples.lending.test_late_fees import MARCH, cycle

pytestmark = pytest.mark.usefixtures("back_office")

OURS = [getattr(models, name) for name in models.__all__]
REGISTERED = [model for model in OURS if admin.site.is_registered(model)]
HIDDEN = {models.AssetValue, models.DealParty, models.ProductBalance}  # edited inside others
WRITTEN_BY_THE_SYSTEM = {models.FeesOwed, models.LateFee}
NASTY = "<script>alert('x')</script>"


def url(model: type, page: str, *args: Any) -> str:
    return reverse(f"admin:lending_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def client() -> Any:
    administrator = get_user_model().objects.create_superuser("admin")
    client = Client()
    client.force_login(administrator)
    yield client
    get_user_model().objects.all().delete()


@pytest.fixture
def world() -> models.Product:
    """At least one row of everything."""
    lender, borrower = builders.company(f"Lender {NASTY}", balance=10), builders.company(NASTY)
    account = builders.account(borrower, number="<b>1</b>")
    asset = builders.asset(lender, borrower, name=NASTY, balance=5, values={builders.LONG_AGO: "1000.00"})
    product = builders.product(builders.deal((lender, "lender"), (borrower, "borrower")), asset)
    send(builders.grant(lender, to=[builders.destination(account, "1.00")], author=NASTY))
    cycle(MARCH)
    run_until_idle()
    return product


def nothing(*prefixes: str) -> dict[str, Any]:
    """Inlines without rows."""
    return {f"{prefix}-{total}_FORMS": 0 for prefix in prefixes for total in ("TOTAL", "INITIAL")}


def test_everything_is_in_the_admin_of_this_site() -> None:
    assert set(OURS) - set(REGISTERED) == HIDDEN


def test_lists_and_forms_open_and_show_nothing_unescaped(client: Client, world: Any) -> None:
    for model in REGISTERED:
        pk = model._default_manager.order_by("-pk").first().pk
        for page in (url(model, "changelist"), url(model, "change", pk), f"{url(model, 'changelist')}?q=a"):
            response = client.get(page, follow=True)
            assert response.status_code == 200, page
            assert NASTY not in response.content.decode(), page
            assert "&lt;script&gt;" in response.content.decode() or "?q=" in page or model is models.Deal, page


def test_lists_do_not_ask_once_a_row(client: Client, world: Any, django_assert_max_num_queries: Any) -> None:
    for model in REGISTERED:
        with django_assert_max_num_queries(25, info=model.__name__):
            client.get(url(model, "changelist"), follow=True)


def test_every_action_names_the_permission_it_needs(client: Client, rf: Any) -> None:
    request = rf.get("/")
    request.user = get_user_model().objects.get()
    for model in REGISTERED:
        for name, action in admin.site.get_model_admin(model).get_actions(request).items():
            function = action.func if django.VERSION >= (6, 1) else action[0]
            assert getattr(function, "allowed_permissions", None), f"{name} of {model.__name__}"


def test_a_company_shows_what_its_deals_make_of_it(client: Client, world: models.Product) -> None:
    page = client.get(url(models.Company, "change", world.asset.receiver_id)).content.decode()
    assert "Tier B, not activated yet" in page
    assert "0.50" in page
    stranger = builders.company()
    assert "no deal of the product line" in client.get(url(models.Company, "change", stranger.pk)).content.decode()


def test_a_page_folds_the_history_of_so_many_deals_and_says_when_there_are_more(
    client: Client, monkeypatch: Any, django_assert_max_num_queries: Any
) -> None:
    company = builders.company()
    for _ in range(30):
        builders.deal((company, "lender"))
    page = url(models.Company, "change", company.pk)
    assert "Tier B" in client.get(page).content.decode()
    monkeypatch.setattr("opsconsole.examples.lending.admin.companies.MOST_DEALS", 29)
    with django_assert_max_num_queries(25):
        shown = client.get(page).content.decode()
    assert "it has joined 30 deals, and a page looks at 29" in shown


def test_the_page_of_a_company_opens_when_its_history_cannot_be_read(client: Client) -> None:
    company = builders.company()
    deal = builders.deal((company, "lender"))
    page = url(models.Company, "change", company.pk)
    StoredEvent.objects.filter(stream=f"lending.deal-{deal.pk}").update(type="lending.unheard_of")
    assert client.get(page).status_code == 200  # such a type is passed over
    StoredEvent.objects.filter(type="lending.company_joined_deal").update(data={"company": "nobody"})
    answer = client.get(page)
    assert answer.status_code == 200
    assert "It cannot be told: ValidationError" in answer.content.decode()


def test_a_deal_that_is_saved_is_announced_with_its_companies(client: Client) -> None:
    company = builders.company()
    given = {
        "reference": "D-1", "product_line": "asset_lending", "rating_tier": "A",
        "parties-TOTAL_FORMS": 1, "parties-INITIAL_FORMS": 0,
        "parties-0-company": company.pk, "parties-0-role": "lender",
    }  # fmt: skip
    assert client.post(url(models.Deal, "add"), given).status_code == 302
    (created,) = emitted(DealCreated)
    assert [(party.company, party.role) for party in created.parties] == [(company.pk, "lender")]
    assert StoredEvent.objects.filter(cause_kind="user", metadata__actor="admin").count() == 2

    deal = models.Deal.objects.get()
    change = given | nothing("parties") | {"rating_tier": "C"}
    assert client.post(url(models.Deal, "change", deal.pk), change).status_code == 302
    assert [(event.rating_tier, len(event.parties)) for event in emitted(DealUpdated)] == [("C", 1)]


def test_deals_are_activated_and_deleted_by_actions_and_keep_their_rows(client: Client) -> None:
    company = builders.company()
    deals = [builders.deal((company, "lender")) for _ in range(2)]
    chosen = {"_selected_action": [deal.pk for deal in deals]}
    assert "2 now activated" in act(client, models.Deal, "activate", chosen)
    assert load(Membership, company.pk).state.is_activated
    page = act(client, models.Deal, "activate", chosen)
    assert "0 now activated" in page and "it is activated already" in page
    act(client, models.Deal, "end", chosen)
    assert set(models.Deal.objects.values_list("status", flat=True)) == {"deleted"}
    assert client.post(url(models.Deal, "change", deals[0].pk), {"reference": "x"}).status_code == 403
    assert client.post(url(models.Deal, "delete", deals[0].pk), {"post": "yes"}).status_code == 403


def test_a_value_of_an_asset_is_announced_and_so_is_its_correction(client: Client) -> None:
    asset = builders.asset(builders.company(), builders.company())
    given = {"name": asset.name, "sender": asset.sender_id, "receiver": asset.receiver_id}
    first = {
        "values_over_time-TOTAL_FORMS": 1, "values_over_time-INITIAL_FORMS": 0,
        "values_over_time-0-on": "2026-03-01", "values_over_time-0-value": "10.00",
        "values_over_time-0-asset": asset.pk,
    }  # fmt: skip
    assert client.post(url(models.Asset, "change", asset.pk), given | first).status_code == 302
    second = first | {
        "values_over_time-INITIAL_FORMS": 1, "values_over_time-0-id": models.AssetValue.objects.get().pk,
        "values_over_time-0-on": "2026-04-01", "values_over_time-0-value": "12.00",
    }  # fmt: skip
    assert client.post(url(models.Asset, "change", asset.pk), given | second).status_code == 302
    assert [(event.on, event.value) for event in emitted(AssetValued)] == [
        (date(2026, 3, 1), 10),
        (date(2026, 3, 1), 12),
    ]
    assert models.AssetValue.objects.get().value == 12


def test_a_balance_is_not_written_by_a_form_but_added_to(client: Client) -> None:
    company = builders.company("Aurora", balance=7)
    client.post(url(models.Company, "change", company.pk), {"name": "Aurora", "balance": "999"} | nothing("accounts"))
    assert models.Company.objects.get().balance == 7
    page = act(client, models.Company, "fund", {"_selected_action": [company.pk]})
    assert "1,000.00 more to grant" in page
    assert models.Company.objects.get().balance == Decimal(1007)
    assert [event.id for event in emitted(BalanceAdded)] == [company.pk]


def test_nothing_goes_with_money_in_it(client: Client) -> None:
    owner = builders.company(balance=1)
    rows = [owner, builders.account(owner, balance=1), builders.asset(owner, builders.company(), balance=1)]
    for row in rows:
        assert client.post(url(type(row), "delete", row.pk), {"post": "yes"}).status_code == 403
        act(client, type(row), "delete_selected", {"_selected_action": [row.pk], "post": "yes"})
        assert type(row).objects.filter(pk=row.pk).exists()
    empty = builders.account(owner)
    assert client.post(url(models.Account, "delete", empty.pk), {"post": "yes"}).status_code == 302
    assert not models.Account.objects.filter(pk=empty.pk).exists()


def test_a_grant_is_asked_for_by_a_form_which_leads_to_its_command(client: Client) -> None:
    source, account = builders.company(balance=7), builders.account(builders.company())
    assert client.get(url(models.Grant, "add")).status_code == 200
    given = {"grant": uuid7(), "company": source.pk, "account": account.pk, "amount": "5.00"}
    response = client.post(url(models.Grant, "add"), given)
    command = StoredCommand.objects.get()
    assert response.url == reverse("admin:ops_command", args=[command.pk])
    assert command.payload["author"] == "admin"
    run_until_idle()
    assert models.Grant.objects.get().total == 5
    refused = client.post(url(models.Grant, "add"), given | {"company": ""})
    assert refused.status_code == 200 and "needs a source" in refused.content.decode()


def test_whoever_may_not_see_commands_is_not_led_to_one() -> None:
    clerk = get_user_model().objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(
        Permission.objects.filter(codename__in=("add_grant", "view_grant", "view_latefee", "change_latefee"))
    )
    client = Client()
    client.force_login(clerk)
    source, account = builders.company(balance=7), builders.account(builders.company())
    given = {"grant": uuid7(), "company": source.pk, "account": account.pk, "amount": "5.00"}
    asked = client.post(url(models.Grant, "add"), given, follow=True)
    assert asked.status_code == 200 and "The grant was asked for" in asked.content.decode()
    fee = models.LateFee.objects.create(
        product=builders.late_product(), on=MARCH, reason="nobody pays", event_id=uuid7()
    )
    page = act(client, models.LateFee, "charge", {"_selected_action": [fee.pk]})
    assert "1 asked for" in page and reverse("admin:ops_batches") not in page
    clerk.delete()


def test_the_form_for_grants_looks_sources_and_accounts_up_instead_of_listing_them(client: Client) -> None:
    source, account = builders.company("Aurora", balance=7), builders.account(builders.company(), number="Konto 77")
    builders.asset(source, account.company, name="Turbine")
    shown = client.get(url(models.Grant, "add")).content.decode()
    for word in ("Aurora", "Konto 77", "Turbine"):
        assert word not in shown
    for model in (models.Asset, models.Company, models.Account):
        assert f'href="{url(model, "changelist")}?_to_field=id"' in shown
    given = {"grant": uuid7(), "company": source.pk, "account": account.pk, "amount": "-1"}
    again = client.post(url(models.Grant, "add"), given).content.decode()
    assert "Aurora" in again and "Konto 77" in again
    nonsense = client.post(url(models.Grant, "add"), given | {"company": "nobody", "account": uuid7(), "amount": "1"})
    assert nonsense.status_code == 200 and not StoredCommand.objects.exists()


def test_a_form_that_is_sent_twice_grants_once(client: Client) -> None:
    """By a double click, or by the browser's "send again" long after."""
    source, account = builders.company(balance=9), builders.account(builders.company())
    form = client.get(url(models.Grant, "add")).context["adminform"].form
    given = {"grant": form["grant"].value(), "company": source.pk, "account": account.pk, "amount": "2.00"}
    assert str(given["grant"]) in form.as_p()
    first, second = (client.post(url(models.Grant, "add"), given) for _ in range(2))
    assert first.url == second.url and StoredCommand.objects.count() == 1
    run_until_idle()
    page = client.post(url(models.Grant, "add"), given, follow=True).content.decode()
    run_until_idle()
    assert "was asked for" in page
    late = StoredCommand.objects.latest("id")
    assert (late.status, late.error_class) == ("error", "GrantRefused")
    assert Attempt.objects.get(subject_id=late.pk).message == f"the grant {given['grant']} was made already"
    source.refresh_from_db()
    assert (source.balance, models.Grant.objects.count()) == (7, 1)


def test_the_smallest_grant_is_a_cent(client: Client) -> None:
    source, account = builders.company(balance=7), builders.account(builders.company())
    given = {"grant": uuid7(), "company": source.pk, "account": account.pk}
    assert client.post(url(models.Grant, "add"), given | {"amount": "0.00"}).status_code == 200
    assert not StoredCommand.objects.exists()
    assert client.post(url(models.Grant, "add"), given | {"amount": "0.01"}).status_code == 302
    assert StoredCommand.objects.get().payload["destinations"][0]["amount"] == "0.01"


def test_what_the_system_writes_can_only_be_looked_at(client: Client, world: Any) -> None:
    for model in WRITTEN_BY_THE_SYSTEM:
        row = model._default_manager.first()
        assert client.get(url(model, "add")).status_code == 403
        assert client.post(url(model, "change", row.pk), {}).status_code == 403
        assert client.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    grant = models.Grant.objects.get()
    assert client.post(url(models.Grant, "change", grant.pk), {}).status_code == 403
    event = StoredEvent.objects.get(type="lending.balances_granted")
    assert (
        reverse("admin:ops_event", args=[event.pk])
        in client.get(url(models.Grant, "change", grant.pk)).content.decode()
    )


def test_who_may_only_look_cannot_act(world: models.Product) -> None:
    viewer = get_user_model().objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(viewer)
    before = StoredEvent.objects.count(), StoredCommand.objects.count()
    client.post(url(models.Deal, "changelist"), {"action": "activate", "_selected_action": [world.deal_id]})
    client.post(url(models.Company, "changelist"), {"action": "fund", "_selected_action": [world.asset.sender_id]})
    for model in REGISTERED:
        assert client.post(url(model, "add"), {"name": "x"}).status_code == 403
    assert before == (StoredEvent.objects.count(), StoredCommand.objects.count())
    viewer.delete()


def act(client: Client, model: type, action: str, chosen: dict[str, Any]) -> str:
    return client.post(url(model, "changelist"), {"action": action, **chosen}, follow=True).content.decode()


def test_whoever_ends_a_deal_is_told_that_what_is_outstanding_goes_on_costing(client: Client) -> None:
    owing = builders.late_product().deal
    settled = builders.late_product(balances={builders.LONG_AGO: "0"}).deal
    words = "still outstanding"
    assert words not in act(client, models.Deal, "end", {"_selected_action": [settled.pk]})
    chosen, created = {"action": "end", "_selected_action": [owing.pk]}, "?status__exact=created"
    page = client.post(url(models.Deal, "changelist") + created, chosen, follow=True).content.decode()
    assert "1 now deleted" in page and words in page
    cycle(MARCH)
    assert [event.deal for event in emitted(LateFeeIncurred)] == [owing.pk]
