"""Times, durations and data in words."""

from datetime import UTC, datetime, timedelta

import pytest

from opsconsole.console.json_tree import SHOWN, is_longer, pretty
from opsconsole.console.words import absolute, counted, relative, took

NOW = datetime(2026, 11, 21, 12, 0, 0, 123_456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "now"), (0.9, "now"), (1, "1 s ago"), (59, "59 s ago"), (60, "1 min ago"), (3599, "59 min ago"),
        (3600, "1 h ago"), (86_399, "23 h ago"), (86_400, "1 d ago"), (864_000, "10 d ago"),
        (-5, "in 5 s"), (-120, "in 2 min"),
    ],
)  # fmt: skip
def test_how_long_ago(seconds: float, words: str) -> None:
    assert relative(NOW - timedelta(seconds=seconds), NOW) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "< 1 ms"), (0.0004, "< 1 ms"), (0.0123, "12 ms"), (0.9994, "999 ms"), (1.239, "1.24 s"), (59.94, "59.9 s"),
        (125, "2 min 5 s"), (11_520, "3 h 12 min"), (360_000, "4 d 4 h"),
    ],
)  # fmt: skip
def test_how_long_it_took(seconds: float, words: str) -> None:
    assert took(timedelta(seconds=seconds)) == words


def test_nothing_took_no_time() -> None:
    assert took(None) == "–"


def test_a_moment_is_told_in_utc_to_the_millisecond() -> None:
    assert absolute(NOW) == "2026-11-21 12:00:00.123 UTC"


def test_things_are_counted_in_the_right_number() -> None:
    assert counted(1, "batch", "batches") == "1 batch"
    assert counted(1200, "batch", "batches") == "1,200 batches"
    assert counted(0, "command") == "0 commands"


def test_json_is_marked_by_kind_and_escaped() -> None:
    html = pretty({"<a>": 'x"<b>', "n": -1.5e3, "t": True, "none": None})
    assert "<a>" not in html
    assert '<span class="ops-json-key">&quot;&lt;a&gt;&quot;</span>' in html
    assert '<span class="ops-json-number">-1500.0</span>' in html
    assert '<span class="ops-json-word">true</span>' in html
    assert "&lt;b&gt;" in html


def test_long_json_is_cut_and_knows_it() -> None:
    long = {"text": "<" * (SHOWN + 1)}
    assert is_longer(long)
    assert not is_longer({"text": ""})
    assert len(pretty(long)) <= SHOWN * len("&lt;")
