"""Text that PostgreSQL can keep, whatever it is given."""

import json
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from opsconsole.kernel.encoding import PayloadTooLarge, UnstorablePayload, dumps, encode, storable

ANY_TEXT = st.text(st.characters(codec=None, categories=None))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.binary() | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT | st.integers(), inner) | st.frozensets(st.integers()),
    max_leaves=10,
)


class Note(BaseModel):
    text: str = ""


@given(ANYTHING)
def test_plain_data_always_becomes_json_that_can_be_stored(value: Any):
    text = dumps(value)
    json.loads(text, parse_constant=pytest.fail)
    text.encode()
    assert "\x00" not in json.dumps(json.loads(text), ensure_ascii=False)
    assert not any("\x00" in one for one in _texts(json.loads(text)))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in _texts(one)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list) else []


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text('aäß€😀"\\\n'), st.lists, max_leaves=5))
def test_what_json_can_say_is_said_unchanged(value: Any):
    assert json.loads(dumps(value)) == value


@given(ANY_TEXT)
def test_storable_text_has_no_nul_and_no_lone_surrogate(text: str):
    assert "\x00" not in storable(text)
    storable(text).encode()


@given(st.text("ab\\u0\x00", max_size=12))
def test_the_database_takes_exactly_what_is_not_refused(text: str):
    try:
        encoded = encode(Note(text=text), limit=1_000)
    except UnstorablePayload:
        assert "\x00" in text
    else:
        assert "\x00" not in text
        assert json.loads(encoded)["text"] == text


def test_the_database_agrees_on_what_can_be_stored(database: None):
    odd = ["\\u0000", "\\\\u0000", "\\ud800", "NaN", "😀", "\x7f", "\u2028", '"', "\\"]
    with connection.cursor() as cursor:
        for text in odd:
            cursor.execute("SELECT %s::jsonb ->> 'text'", [encode(Note(text=text), limit=1_000)])
            assert cursor.fetchone() == (text,)


def test_a_text_about_infinity_is_no_infinity():
    assert encode(Note(text="NaN and Infinity"), limit=1_000)


def test_the_limit_is_in_bytes():
    assert encode(Note(text="ä" * 10), limit=31)
    with pytest.raises(PayloadTooLarge, match="Note has 31 bytes; the limit is 30"):
        encode(Note(text="ä" * 10), limit=30)
