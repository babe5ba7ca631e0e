"""Links within the documentation lead somewhere, and every command that it tells exists."""

import re
import shlex

import pytest
from django.core.management import get_commands, load_command_class

from opsconsole.embedded import up
from tests.docs.pages import ROOT, Page, pages

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
MANAGE = re.compile(r"(?:python3? )?manage\.py ([a-z_]+[^`\n#|]*)")
OURS = {"test", "bench"}  # their options are pytest's and the bench's
ALL = list(pages())


@pytest.mark.parametrize("document", ALL, ids=lambda document: document.name)
def test_every_link_leads_somewhere(document: Page):
    for target in LINK.findall(document.prose()):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (document.path.parent / path).resolve() if path else document.path
        assert file.exists(), target
        assert not anchor or anchor in map(_anchor, HEADING.findall(file.read_text())), target


def test_every_page_can_be_reached_from_the_readme():
    seen, waiting = set(), [Page("README.md").path]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md" or not page.exists():
            continue
        seen.add(page)
        text = Page(str(page.relative_to(ROOT))).prose()
        waiting += [(page.parent / link.partition("#")[0]).resolve() for link in LINK.findall(text) if ":" not in link]
    assert {page.path for page in ALL} <= seen


@pytest.mark.parametrize("document", ALL, ids=lambda document: document.name)
def test_every_command_told_exists_and_has_these_options(document: Page):
    text = document.prose() + "\n".join(block.text for block in document.blocks("bash", "ini", "yaml", "text"))
    for told in MANAGE.findall(text):
        name, *options = shlex.split(told.replace('"', ""))
        if name == "up":
            up.parse([option for option in options if option.startswith("-")])
        elif name not in OURS:
            parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
            known = set(parser._option_string_actions)
            assert {option for option in options if option.startswith("-")} <= known, told


def _anchor(heading: str) -> str:
    """As the usual renderers make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
