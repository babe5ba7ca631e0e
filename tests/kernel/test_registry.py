"""A name means one thing only."""

import pytest

from opsconsole.kernel.registry import DuplicateName, Registry, UnknownName


def test_a_name_is_found_again():
    registry: Registry[int] = Registry("number")
    registry.add("one", 1)
    assert (registry.get("one"), registry.find("one"), registry.find("two"), "one" in registry) == (1, 1, None, True)


def test_a_second_meaning_is_refused_and_the_first_stays():
    registry: Registry[str] = Registry("word")
    registry.add("one", "first")
    with pytest.raises(DuplicateName, match="word 'one' is already 'first'"):
        registry.add("one", "second")
    assert registry.get("one") == "first"


def test_the_same_meaning_may_be_given_again():
    registry: Registry[str] = Registry("word")
    registry.add("one", "first")
    assert registry.add("one", "first") == "first"
    assert len(registry) == 1


def test_an_unknown_name_says_what_it_was_looked_for_as():
    with pytest.raises(UnknownName, match="no word is called 'two'"):
        Registry[str]("word").get("two")


def test_it_is_walked_in_the_order_of_names():
    registry: Registry[int] = Registry("number")
    for number, name in enumerate(("b", "c", "a")):
        registry.add(name, number)
    assert list(registry) == [("a", 2), ("b", 0), ("c", 1)]


def test_a_forgotten_name_is_free():
    registry: Registry[str] = Registry("word")
    registry.add("one", "first")
    registry.remove("one")
    registry.remove("one")
    assert registry.add("one", "second") == "second"
