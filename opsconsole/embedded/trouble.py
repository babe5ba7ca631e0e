"""What a person must be told in plain words instead of a traceback."""

import errno
from pathlib import Path


class Trouble(Exception):
    """Ends the command with exit code 1; its text says what is wrong and what to do."""


def explain(error: OSError) -> Trouble:
    """Say an operating system error in plain words."""
    where = f" at {error.filename}" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return disk_full(Path(error.filename or "."))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Trouble(
            f"Not allowed to write{where}: {error.strerror}.\n"
            "Choose another place: --state DIR for `up`, TMPDIR for `test`."
        )
    return Trouble(f"The system refused something{where}: {error.strerror}.")


def disk_full(place: Path) -> Trouble:
    return Trouble(f"The disk that holds {place} is full. Free some space, then try again.")


def if_disk_full(text: str, place: Path) -> Trouble | None:
    """Recognise a full disk in what a program printed."""
    return disk_full(place) if "No space left on device" in text else None
