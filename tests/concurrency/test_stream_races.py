"""Thirty-two writers on one stream: no version is lost or taken twice, and nobody decides on what is no longer true."""

from collections import Counter
from collections.abc import Callable
from functools import partial

from django.db import transaction

from opsconsole.engine import Event, sequencing
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.streams import NEW, Loaded, StreamConflict, append, decide, load, read, read_many, version_of
from opsconsole.streams.models import Snapshot
from tests.concurrency.races import at_once, rounds
from tests.streams.bank import Account, Deposited, Ledger, Refused, Withdrawn, deposits, put

WRITERS = 32
STREAM = "bank.account-1"


def tried(function: Callable[[], object]) -> str:
    """How it went, in a word."""
    try:
        function()
    except (StreamConflict, Refused) as error:
        return type(error).__name__
    return "done"


def assert_gapless(stream: str, count: int) -> None:
    sequencing.catch_up()
    stored = StoredEvent.objects.filter(stream=stream)
    assert list(stored.order_by("position").values_list("version", flat=True)) == list(range(1, count + 1))
    assert version_of(stream) == count


def test_of_many_who_expect_the_same_version_one_appends_and_each_other_hears_of_a_conflict():
    put(STREAM, *deposits(1, 2, 3))
    answers = at_once(*[partial(tried, partial(put, STREAM, *deposits(1, 2), expected=3))] * WRITERS)
    assert Counter(answers) == {"done": 1, "StreamConflict": WRITERS - 1}
    assert_gapless(STREAM, 5)


def test_of_many_who_begin_a_stream_one_does():
    answers = at_once(*[partial(tried, partial(put, STREAM, Deposited(), expected=NEW))] * WRITERS)
    assert Counter(answers) == {"done": 1, "StreamConflict": WRITERS - 1}
    assert_gapless(STREAM, 1)


def test_whoever_expects_nothing_is_never_refused():
    def write() -> None:
        for _ in range(10):
            put(STREAM, *deposits(1, 2, 3))

    at_once(*[write] * WRITERS)
    assert_gapless(STREAM, WRITERS * 30)
    amounts = [recorded.event().amount for recorded in read(STREAM)]
    assert amounts == [1, 2, 3] * WRITERS * 10, "the events of one append stay together"


@rounds(5, 100)
def test_everybody_who_decides_gets_through_and_the_account_is_never_overdrawn(rounds: int):
    """Half of them put 3 in, half take 2 out, and refuse when there is not enough."""
    put(STREAM, Deposited(amount=7))

    def pay(account: Account) -> Event:
        return Deposited(amount=3)

    def spend(account: Account) -> Event:
        return account.withdraw(2)

    def act(decision: Callable[[Account], Event]) -> list[str]:
        return [tried(partial(decide, Account, 1, decision)) for _ in range(rounds)]

    answers = Counter(
        word for words in at_once(*[partial(act, pay), partial(act, spend)] * (WRITERS // 2)) for word in words
    )
    assert answers["StreamConflict"] == 0, "the second look is the last"
    assert_gapless(STREAM, 1 + answers["done"])
    balance = 0
    for recorded in read(STREAM):
        event = recorded.event()
        balance += event.amount if isinstance(event, Deposited) else -event.cents
        assert balance >= 0, f"overdrawn at version {recorded.version}"
    with_snapshots = load(Account, 1)
    assert with_snapshots.snapshot_version > 0
    Snapshot.objects.all().delete()
    assert load(Account, 1) == with_snapshots == Loaded(Account(balance=balance), 1 + answers["done"])


def test_with_a_single_try_losers_hear_of_the_conflict_and_nothing_of_theirs_is_stored():
    def act() -> list[str]:
        return [tried(partial(decide, Account, 1, lambda account: Deposited(), tries=1)) for _ in range(10)]

    answers = Counter(word for words in at_once(*[act] * WRITERS) for word in words)
    assert answers["done"] + answers["StreamConflict"] == WRITERS * 10
    assert_gapless(STREAM, answers["done"])
    assert load(Account, 1) == Loaded(Account(balance=answers["done"]), answers["done"])


def test_money_that_goes_from_account_to_account_in_one_transaction_is_never_lost():
    """Both streams in one transaction, in the order of their names."""
    for side in ("left", "right"):
        put(f"bank.account-7-{side}", Deposited(amount=1_000))

    def move(cents: int) -> None:
        sign = 1 if cents > 0 else -1
        for _ in range(10):
            with transaction.atomic():
                decide(Account, "7-left", lambda account: _moved(account, sign * cents, sign))
                decide(Account, "7-right", lambda account: _moved(account, sign * cents, -sign))

    at_once(*[partial(move, cents) for cents in range(-8, 9) if cents])
    left, right = load(Account, "7-left"), load(Account, "7-right")
    assert left.state.balance + right.state.balance == 2_000
    assert left.version == right.version == 1 + 160
    both = read_many(Ledger.streams(7))
    assert [recorded.version for recorded in both if recorded.stream == Account.stream("7-right")] == list(
        range(1, 162)
    )


def _moved(account: Account, cents: int, sign: int) -> Event:
    return Deposited(amount=cents) if sign > 0 else Withdrawn(cents=cents)


def test_whoever_reads_while_others_write_sees_no_hole():
    writing = [True]

    def write() -> None:
        for _ in range(150):
            put(STREAM, *deposits(1, 2))
        writing[0] = False

    def look() -> int:
        looks = 0
        while writing[0]:
            loaded = load(Account, 1)
            assert loaded.version % 2 == 0, "half of an append"
            assert loaded.state.balance == loaded.version // 2 * 3
            looks += 1
        return looks

    assert all(at_once(write, look, look, look)[1:])


def test_appends_that_are_taken_back_leave_no_gap():
    def write(number: int) -> int:
        kept = 0
        for turn in range(10):
            with transaction.atomic():
                append(STREAM, Deposited())
                if (number + turn) % 3 == 0:
                    transaction.set_rollback(True)
                else:
                    kept += 1
        return kept

    assert_gapless(STREAM, sum(at_once(*[partial(write, number) for number in range(WRITERS)])))
