"""An array that was written as text is read back as the values that it was made of."""

from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum, IntEnum, StrEnum
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, connection
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.kernel.arrays import array
from opsconsole.kernel.identifiers import uuid7

pytestmark = pytest.mark.django_db

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


def read_back(values: list[Any], kind: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT element FROM unnest(%s::{kind}[]) AS element", [array(values)])
        return [element for (element,) in cursor.fetchall()]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ["", "NULL", "null", None, "{}", 'a "b" \\c', "\\", "a,b", " a ", "'; --", "%s", "ü\n\t", "{a,{b}}"]),
        ("uuid", [uuid7(), None, UUID(int=0), UUID(int=2**128 - 1)]),
        ("bigint", [0, -1, None, 2**63 - 1]),
        ("float8", [0.1, -1e-300, None, 1e300, float("inf")]),
        ("boolean", [True, None, False]),
        ("date", [date(2026, 2, 28), None]),
        ("timestamptz", [datetime(2026, 2, 28, 1, 2, 3, 4, UTC), None, datetime(1999, 1, 1, tzinfo=UTC)]),
        ("text", []),
    ],
)
def test_what_is_written_is_read_back(kind: str, values: list[Any]):
    assert read_back(values, kind) == values


@given(st.lists(st.none() | TEXT))
def test_any_text_is_read_back(values: list[str | None]):
    assert read_back(values, "text") == values


def test_a_moment_keeps_its_zone():
    there = datetime(2026, 2, 28, 1, tzinfo=timezone(timedelta(hours=-3)))
    assert read_back([there], "timestamptz") == [there]


class Colour(StrEnum):
    RED = '"red"'


class Shade(str, Enum):  # noqa: UP042 - as hosts have them
    DARK = "dark"


class Urgency(IntEnum):
    HIGH = -1


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        ("text", SafeString('"<b>"'), '"<b>"'),
        ("text", Shade.DARK, "dark"),
        ("text", Colour.RED, '"red"'),
        ("integer", Urgency.HIGH, -1),
    ],
)
def test_a_value_of_a_class_that_extends_a_plain_one_is_that(kind: str, value: Any, read: Any):
    assert read_back([value], kind) == [read]


@pytest.mark.parametrize("value", [["nested"], {"a": 1}, b"bytes", object()])
def test_other_values_are_refused(value: Any):
    with pytest.raises(TypeError, match="nothing that an array here can hold"):
        array([value])


def test_a_text_with_nul_is_refused_as_ever():
    with pytest.raises((DataError, ValueError)):
        read_back(["a\x00b"], "text")
