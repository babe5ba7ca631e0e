"""Whom the servers run as: ourselves, or `nobody` when root starts them."""

import os
import pwd
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int


@cache
def server_account() -> Account | None:
    """The account PostgreSQL runs as; None means our own (it refuses to run as root)."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def reachable_by_others(path: Path) -> bool:
    """Whether an account that owns nothing on the way can enter this directory or run this program."""
    path = path.resolve()
    return all(place.stat().st_mode & stat.S_IXOTH for place in (path, *path.parents) if place.exists())


def private_directory(path: Path, account: Account | None) -> Path:
    """Make a directory that nobody but this account (and root) can enter."""
    path.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(path, account.uid, account.gid)
    return path
