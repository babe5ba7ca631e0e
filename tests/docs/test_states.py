"""The page about states shows what `engine/states.py` says."""

import re

import pytest

from opsconsole.kernel.lifecycle import Lifecycle
from tests.docs.drawing import LIFECYCLES, pictures
from tests.docs.pages import Page

PAGE = Page("docs/explanation/states.md")
ROW = re.compile(r"^\| (\w+) \| (\w+) \| .+ \|$", re.MULTILINE)


def test_the_pictures_are_drawn_from_the_lifecycles_of_today():
    stale = [file.name for file, text in pictures().items() if not file.exists() or file.read_text() != text]
    assert not stale, "draw them anew: python -m tests.docs.drawing"


@pytest.mark.parametrize(("name", "lifecycle"), LIFECYCLES.items(), ids=list(LIFECYCLES))
def test_every_move_is_explained_and_no_other(name: str, lifecycle: Lifecycle):
    section = PAGE.text.split(f"## {name.capitalize()}\n", 1)[1].split("\n## ", 1)[0]
    told = [move for move in ROW.findall(section) if move != ("from", "to")]
    assert set(told) == {(source, target) for source in lifecycle.states for target in lifecycle.moves[source]}
    assert len(told) == len(set(told))
    assert f"states-{name}.svg" in section
