"""A PostgreSQL data directory: made once, never opened by another major version."""

import os
import shutil
import subprocess
from pathlib import Path

from opsconsole.embedded.accounts import Account, private_directory
from opsconsole.embedded.binaries import PostgresPrograms
from opsconsole.embedded.children import as_account
from opsconsole.embedded.trouble import Trouble, if_disk_full

DATABASE = USER = "opsconsole"
FIRST_WITH_BUILTIN_LOCALE = 17
QUIET = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}


def prepare_cluster(data: Path, programs: PostgresPrograms, account: Account | None, *, durable: bool) -> None:
    """Make the data directory with an empty database, unless it is there. Raises Trouble."""
    if data.exists():
        _check_version(data, programs)
        return
    unfinished = data.with_name(f"{data.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    private_directory(unfinished, account)
    how = [
        "-U",
        USER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        *_locale(programs.major),
        *([] if durable else ["--no-sync"]),
    ]
    create = f"CREATE DATABASE {DATABASE};\n"
    _run([programs.bin / "initdb", "-D", unfinished, *how], data, account)
    _run([programs.bin / "postgres", "--single", "-D", unfinished, "postgres"], data, account, text=create)
    unfinished.rename(data)


def _locale(major: int) -> list[str]:
    if major >= FIRST_WITH_BUILTIN_LOCALE:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]


def _check_version(data: Path, programs: PostgresPrograms) -> None:
    made_by = int((data / "PG_VERSION").read_text())
    if made_by != programs.major:
        raise Trouble(
            f"{data} was made by PostgreSQL {made_by}, but the one found here is {programs.version}"
            f" ({programs.bin}).\n"
            f"Set PG_BIN to the bin directory of a PostgreSQL {made_by} (to move on: dump the data, then load"
            " it into a new state directory),\nor choose another --state DIR, or start anew with --reset."
        )


def _run(command: list[str | Path], data: Path, account: Account | None, *, text: str = "") -> None:
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=QUIET,
        start_new_session=True,  # a Ctrl-C in the terminal is the supervisor's
        **as_account(account),
    )
    if done.returncode:
        said = (done.stderr + done.stdout).strip()
        raise if_disk_full(said, data) or Trouble(f"PostgreSQL could not be set up:\n{said}")
