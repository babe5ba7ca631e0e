"""Who and what the current code acts for."""

import threading
from uuid import UUID

import pytest

from opsconsole.kernel.tracing import NOBODY, Cause, acting_for, current

ANA = Cause("user", metadata={"actor": "ana"})


def test_nobody_acts_outside_a_block():
    assert current() is NOBODY


def test_the_innermost_block_counts():
    with acting_for(ANA) as cause:
        assert current() is cause is ANA
        with acting_for(Cause("api", UUID(int=1))):
            assert current().kind == "api"
        assert current() is ANA
    assert current() is NOBODY


def test_an_error_ends_the_block():
    with pytest.raises(ZeroDivisionError), acting_for(ANA):
        raise ZeroDivisionError
    assert current() is NOBODY


def test_threads_act_for_themselves():
    seen = []
    with acting_for(ANA):
        thread = threading.Thread(target=lambda: seen.append(current()))
        thread.start()
        thread.join()
    assert seen == [NOBODY]
