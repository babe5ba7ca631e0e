"""Typed messages with stable names."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from opsconsole.engine import Command, Event
from opsconsole.engine.messages import COMMANDS, EVENTS, NewerVersion
from tests.handlers_app.messages import Act, ActAgain, ActVersioned, Happened
from tests.handlers_app.messages import Inner as InnerEvent


class Inner(BaseModel):
    at: date
    amount: Decimal


class Rich(Event):
    """Without a name it is a base for others: it is never stored."""

    identifier: UUID
    inner: list[Inner]
    text: str = ""


def test_a_contract_says_what_is_stored():
    contract = ActAgain.__contract__
    assert (contract.name, contract.version, contract.queue, contract.priority, contract.timeout) == (
        "tests.act_again",
        1,
        "default",
        0,
        None,
    )
    assert COMMANDS.get("tests.act_again") is ActAgain
    assert EVENTS.get("tests.happened") is Happened


@settings(max_examples=50)
@given(
    st.uuids(),
    st.lists(
        max_size=5,
        elements=st.builds(Inner, at=st.dates(), amount=st.decimals(allow_nan=False, allow_infinity=False, places=2)),
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
)
def test_what_is_stored_can_be_read_again(identifier: UUID, inner: list[Inner], text: str):
    message = Rich(identifier=identifier, inner=inner, text=text)
    assert Rich.decode(message.encode(), 1, 1) == message


def test_an_older_version_is_brought_up_to_date():
    assert ActVersioned.decode('{"count": 3}', 1, 2) == ActVersioned(number=3)
    assert ActVersioned.decode('{"number": 3}', 2, 2) == ActVersioned(number=3)


def test_a_newer_version_is_not_guessed_at():
    with pytest.raises(NewerVersion, match="version 3; the code here knows version 2"):
        ActVersioned.decode('{"number": 3}', 3, 2)


@pytest.mark.parametrize("text", ['{"number": "x"}', '{"nubmer": 1}', "[]", "null"])
def test_what_does_not_fit_is_refused(text: str):
    with pytest.raises(ValidationError):
        Act.decode(text, 1, 1)


def test_bases_without_a_name_are_not_registered():
    class Base(Command):
        number: int

    assert not hasattr(Base, "__contract__")
    assert all(message is not Base for _, message in COMMANDS)


def test_a_message_is_open_to_those_of_all_tenants_unless_it_says_otherwise():
    for message in (Happened, ActAgain):
        assert not message.__contract__.internal
        assert not message.__contract__.heeds_tenant
    assert Act.__contract__.heeds_tenant
    assert InnerEvent.__contract__.internal


def test_a_subclass_of_a_named_message_needs_a_name_of_its_own():
    """Else it would be stored under its parent's name, with a payload that the parent cannot read."""
    for parent in (Act, Happened):
        with pytest.raises(TypeError, match="Special needs a name of its own: its base is 'tests"):

            class Special(parent):
                extra: int = 0
