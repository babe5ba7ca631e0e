"""Five hundred grants at once: no source ever gives more than it holds, and whoever is refused hears because of whom."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from random import Random

import pytest
from django.apps import apps
from django.db import connection, transaction

from opsconsole.engine import claiming, draining, send
from opsconsole.engine.models import Attempt
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.testing import emitted
from opsconsole.examples.lending import granting
from opsconsole.examples.lending.events import BalancesGranted
from opsconsole.examples.lending.granting import GrantRefused
from opsconsole.examples.lending.models import Account, Asset, Company
from tests.chaos.site import eventually
from tests.concurrency.races import PATIENCE, at_once, rounds
from tests.examples.lending import builders
from tests.examples.lending.builders import destination

GRANTS = 500
WORKERS = 16


@pytest.fixture(autouse=True)
def _back_office(_engine: None) -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        tables = [model._meta.db_table for model in apps.get_app_config("lending").get_models()]
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


def work() -> None:
    while chunk := claiming.claim_commands("default"):
        draining.execute_chunk(chunk)


@rounds(1, 20)
def test_five_hundred_grants_at_once_never_exceed_the_balance_of_their_source(rounds, settings):
    """Each asks for 1.00 of 333.00, through commands that sixteen workers drain."""
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 5}
    for _ in range(rounds):
        source = builders.company(balance=333)
        accounts = [builders.account(builders.company()) for _ in range(5)]
        sent = [
            send(builders.grant(source, to=[destination(accounts[number % 5], "1.00")])).id for number in range(GRANTS)
        ]

        at_once(*[work] * WORKERS)

        ended = StoredCommand.objects.filter(pk__in=sent)
        assert ended.filter(status="success").count() == 333
        refused = ended.filter(status="error").values_list("id", flat=True)
        words = set(Attempt.objects.filter(subject_id__in=list(refused)).values_list("error_class", "message"))
        assert words == {("GrantRefused", f"company {source.pk} holds no balance")}
        assert Company.objects.get(pk=source.pk).balance == 0
        assert sum(Account.objects.filter(pk__in=[one.pk for one in accounts]).values_list("balance", flat=True)) == 333
        assert len([event for event in emitted(BalancesGranted) if event.sources[0].id == source.pk]) == 333


@rounds(1, 20)
def test_grants_of_different_sizes_from_many_sources_in_any_order_neither_overdraw_nor_wait_for_each_other(rounds):
    """Whatever the order in which they name sources and accounts, nobody is a victim of a deadlock."""
    for number in range(rounds):
        owner = builders.company(balance=400)
        sources = [owner, *(builders.asset(owner, builders.company(), balance=400) for _ in range(4))]
        accounts = [builders.account(owner) for _ in range(6)]
        seeds = [range(GRANTS)[start::WORKERS] for start in range(WORKERS)]

        answers = at_once(
            *[partial(grant_some, [number * GRANTS + one for one in some], sources, accounts) for some in seeds]
        )

        granted = sum(total for totals, _ in answers for total in totals)
        left = [row.balance for row in (*Company.objects.filter(pk=owner.pk), *Asset.objects.filter(sender=owner))]
        assert all(balance >= 0 for balance in left)
        assert granted + sum(left) == 2_000
        assert sum(Account.objects.filter(company=owner).values_list("balance", flat=True)) == granted
        refused = [one for _, refusals in answers for one in refusals]
        assert refused and {one.offender for one in refused} <= {source.pk for source in sources}
        assert all(str(one.offender) in str(one) for one in refused)


def grant_some(
    seeds: list[int], sources: list[Company | Asset], accounts: list[Account]
) -> tuple[list[Decimal], list[GrantRefused]]:
    """The amounts that were granted, and the refusals."""
    granted, refused = [], []
    for seed in seeds:
        random = Random(seed)
        to = [destination(account, str(random.randint(1, 9))) for account in random.sample(accounts, 2)]
        command = builders.grant(*random.sample(sources, 2), to=to)
        try:
            with transaction.atomic():
                granted.append(granting.grant(command).total)
        except GrantRefused as refusal:
            refused.append(refusal)
    return granted, refused


def test_a_grant_waits_for_an_account_that_is_being_closed_and_is_refused():
    source, account = builders.company(balance=10), builders.account(builders.company())
    is_closed = threading.Event()

    def close() -> None:
        with transaction.atomic():
            Account.objects.filter(pk=account.pk).update(is_active=False)
            is_closed.set()
            eventually(somebody_waits, "waiting for the account")

    def grant() -> None:
        assert is_closed.wait(PATIENCE)
        with transaction.atomic(), pytest.raises(GrantRefused, match="not active"):
            granting.grant(builders.grant(source, to=[destination(account, "1.00")]))

    at_once(close, grant)
    assert Account.objects.get(pk=account.pk).balance == 0


def somebody_waits() -> bool:
    """For a lock that the caller's transaction holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])
