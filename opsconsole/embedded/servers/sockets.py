"""Where a server's unix socket lies: in its directory, or in a short one when that path is too long."""

import hashlib
import os
import tempfile
from pathlib import Path

from opsconsole.embedded.accounts import Account, private_directory
from opsconsole.embedded.trouble import Trouble

LONGEST_PATH = 103  # bytes without the closing zero: 104 on macOS, 108 on Linux
LONGEST_NAME = len("/.s.PGSQL.5432.lock")


def sockets_directory(server: Path, account: Account | None) -> Path:
    """Make the directory for the sockets of the server that lives in this one."""
    near = server.with_name(f"{server.name}-socket")
    if len(os.fsencode(near)) + LONGEST_NAME <= LONGEST_PATH:
        return private_directory(near, account)
    name = hashlib.sha256(os.fsencode(server)).hexdigest()[:16]
    return _own(private_directory(Path(tempfile.gettempdir()) / f"opsconsole-{name}", account), account)


def _own(directory: Path, account: Account | None) -> Path:
    """Refuse a directory that another account has put there first; all may write to its parent."""
    owner = account.uid if account else os.geteuid()
    if directory.is_symlink() or directory.stat().st_uid != owner:
        raise Trouble(f"{directory} belongs to somebody else; remove it, or choose a shorter --state DIR.")
    directory.chmod(0o700)
    return directory
