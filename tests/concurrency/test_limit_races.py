"""Workers that claim at once spend one budget."""

import pytest

from opsconsole.engine import claiming, send
from opsconsole.engine.messages import Limit
from opsconsole.engine.models import Budget, Claim
from opsconsole.engine.models import Command as StoredCommand
from tests.concurrency.races import at_once, rounds

WORKERS = 6


def _claim() -> int:
    chunk = claiming.claim_commands("default")
    return len(chunk.commands) if chunk else 0


@pytest.mark.parametrize("limited", [Limit(per_second=0.001, burst=10)], indirect=True, ids=["rate"])
@rounds(8, 200)
def test_a_rate_is_kept_by_all_together(rounds, limited, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 4}
    for _ in range(rounds):
        for number in range(40):
            send(limited(number=number))
        assert sum(at_once(*[_claim_twice] * WORKERS)) == 10
        for model in (StoredCommand, Claim, Budget):
            model.objects.all().delete()


def _claim_twice() -> int:
    return _claim() + _claim()


@pytest.mark.parametrize("limited", [Limit(concurrency=5)], indirect=True, ids=["concurrency"])
@rounds(8, 200)
def test_a_concurrency_is_kept_by_all_together(rounds, limited, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 2}
    for _ in range(rounds):
        for number in range(30):
            send(limited(number=number))
        assert sum(at_once(*[_claim_twice] * WORKERS)) == 5
        for model in (StoredCommand, Claim, Budget):
            model.objects.all().delete()
