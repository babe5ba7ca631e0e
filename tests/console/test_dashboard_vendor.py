"""What was copied from elsewhere is what it claims to be."""

import hashlib
import re
from pathlib import Path

import opsconsole.console

VENDORED = sorted((Path(opsconsole.console.__file__).parent / "static/ops_console/vendor").glob("*/*/VENDOR.md"))


def test_every_vendored_file_has_the_sum_that_was_written_down() -> None:
    assert VENDORED
    for note in VENDORED:
        sums = dict(re.findall(r"`(\S+)` sha256: `([0-9a-f]{64})`", note.read_text()))
        scripts = {path.name for path in note.parent.iterdir() if path.suffix in (".js", ".css")}
        assert set(sums) == scripts
        for name, digest in sums.items():
            assert hashlib.sha256((note.parent / name).read_bytes()).hexdigest() == digest


def test_every_vendored_file_comes_with_its_licence() -> None:
    for note in VENDORED:
        assert (note.parent / "LICENSE.md").read_text().strip()
