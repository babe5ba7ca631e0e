"""SQL that lies in files: one statement a file, with its reasons above it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path


def statements_in(folder: Path) -> Callable[[str], str]:
    """A function that returns the text of `<name>.sql` in `folder`, without its comments (they would travel with every
    call)."""

    @cache
    def statement(name: str) -> str:
        lines = (folder / f"{name}.sql").read_text().splitlines()
        return "\n".join(line for line in lines if not line.lstrip().startswith("--"))

    return statement
