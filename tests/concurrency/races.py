"""Run things at the same moment and hear what each of them said."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

PATIENCE = 60.0  # seconds


def rounds(small: int, full: int) -> pytest.MarkDecorator:
    """So many rounds in the suite, and more with --full."""
    marks = (pytest.mark.full, pytest.mark.timeout(3600))
    return pytest.mark.parametrize("rounds", [small, pytest.param(full, marks=marks)])


def at_once(*functions: Callable[[], Any]) -> list[Any]:
    """Start all of them together, in a thread each; returns their answers, or raises the first error."""
    ready = threading.Barrier(len(functions), timeout=PATIENCE)
    answers: list[Any] = [None] * len(functions)
    errors: list[BaseException] = []

    def run(place: int, function: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            ready.wait()
            answers[place] = function()
        except BaseException as error:  # raised again below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a thread hangs"
    if errors:
        raise errors[0]
    return answers
