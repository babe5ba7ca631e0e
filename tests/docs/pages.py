"""The pages of the documentation, and what is written in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOP_LEVEL = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")
NOT_OURS = ("reference/benchmarks.md",)  # figures of a measurement, written by it

_FENCED = re.compile(r"^( *)```(\w*)([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_FILE_NAME = re.compile(r"# ([\w./-]+\.(?:py|toml))\b")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `info` stands behind its language. `file` is what its first line names, if it does."""

    language: str
    info: str
    text: str
    line: int

    @property
    def file(self) -> str:
        named = _FILE_NAME.match(self.text)
        return named[1] if named else ""


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file; `name` is its path below the root."""

    name: str

    @property
    def path(self) -> Path:
        return ROOT / self.name

    @property
    def text(self) -> str:
        return self.path.read_text()

    def blocks(self, *languages: str) -> list[Block]:
        """Fenced blocks in these languages, in their order."""
        text = self.text
        return [
            Block(
                match[2],
                match[3].strip(),
                _dedented(match[4], len(match[1])),
                text[: match.start()].count("\n") + 2,
            )
            for match in _FENCED.finditer(text)
            if match[2] in languages
        ]

    def prose(self) -> str:
        """The page without its fenced blocks."""
        return _FENCED.sub("", self.text)


def pages() -> Iterator[Page]:
    for name in TOP_LEVEL:
        yield Page(name)
    for path in sorted((ROOT / "docs").rglob("*.md")):
        if str(path.relative_to(ROOT / "docs")) not in NOT_OURS:
            yield Page(str(path.relative_to(ROOT)))


def readme_command() -> str:
    """What the README hands to `manage.py shell -c`."""
    text = "\n".join(block.text for block in Page("README.md").blocks("bash"))
    return text.split('shell -c "', 1)[1].split('"\n', 1)[0]


def _dedented(text: str, by: int) -> str:
    return "".join(line[by:] if line.strip() else "\n" for line in text.splitlines(keepends=True))
