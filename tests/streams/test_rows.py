from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import DataError, models

from opsconsole.streams import rows
from tests.handlers_app.models import Kinds, Seen, Tagged, Tally

pytestmark = pytest.mark.django_db


def test_rows_are_stored_and_stored_again_in_one_statement_each(django_assert_num_queries):
    with django_assert_num_queries(2):
        rows.store(Tally, [Tally(key="a", count=1, total=2), Tally(key="b", count=3)])
        rows.store(Tally, [Tally(key="b", count=4), Tally(key="c", count=5)])

    assert dict(Tally.objects.values_list("key", "count")) == {"a": 1, "b": 4, "c": 5}


def test_rows_are_found_by_their_keys_in_one_statement(django_assert_num_queries):
    rows.store(Tally, [Tally(key="a", total=2), Tally(key="b"), Tally(key="c")])

    with django_assert_num_queries(1):
        found = rows.find(Tally, {"a", "b", "d"})

    assert sorted(found) == ["a", "b"]
    assert found["a"].total == 2 and not found["a"]._state.adding


def test_columns_of_every_kind_keep_their_values():
    told = {"who": "Ana", "how": [1, None, "β"]}
    row = Kinds(tally_id="x", name="five!", amount=Decimal("12.50"), on=date(2026, 2, 28), told=told)
    rows.store(Kinds, [row, Kinds(tally_id="y", name="")])

    found = rows.find(Kinds, ["x", "y"])
    assert found["x"].name == "five!" and found["x"].told == told and found["x"].on == date(2026, 2, 28)
    assert (found["x"].amount, found["x"].doubled) == (Decimal("12.50"), Decimal("25.00"))
    assert (found["y"].amount, found["y"].on, found["y"].told) == (None, None, {})


def test_the_times_of_making_and_changing_are_kept_as_the_fields_say():
    rows.store(Kinds, [Kinds(tally_id="x")])
    first = Kinds.objects.get()
    rows.store(Kinds, list(rows.find(Kinds, ["x"]).values()))

    last = Kinds.objects.get()
    assert last.changed_at > first.changed_at and last.made_at == first.made_at


def test_values_of_other_types_are_adapted_as_django_does():
    rows.store(Tally, [Tally(key="a", count="7"), Tally(key="b", count=True)])

    assert dict(Tally.objects.values_list("key", "count")) == {"a": 7, "b": 1}


def test_a_text_that_is_too_long_fails_and_is_not_cut():
    with pytest.raises(DataError, match="too long"):
        rows.store(Kinds, [Kinds(tally_id="x", name="six...")])


def test_columns_that_are_arrays_are_stored_too():
    rows.store(Tagged, [Tagged(key="a", tags=["x", "y"]), Tagged(key="b")])
    rows.store(Tagged, [Tagged(key="b", tags=["z"])])

    assert dict(Tagged.objects.values_list("key", "tags")) == {"a": ["x", "y"], "b": ["z"]}


def test_a_value_that_is_sql_is_stored_too():
    rows.store(Tally, [Tally(key="a", count=models.Value(3) + models.Value(4))])

    assert Tally.objects.get().count == 7


def test_a_row_of_nothing_but_a_key_is_stored_once():
    key = uuid4()
    rows.store(Seen, [Seen(key=key)])
    rows.store(Seen, [Seen(key=key), Seen(key=UUID(int=1))])

    assert set(rows.find(Seen, [key])) == {key}
    assert Seen.objects.count() == 2


def test_no_rows_are_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        rows.store(Tally, [])
