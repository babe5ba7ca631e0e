"""What two failures must share to be the same fault."""

import hashlib
import re
import traceback
from types import TracebackType

_VARIABLE_PARTS = re.compile(
    r"'[^']*'|\"[^\"]*\"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|0x[0-9a-f]+|[^\s@]+@[^\s@]+|\d+",
    re.IGNORECASE,
)


def fingerprint(error_class: str, message: str, trace: TracebackType | None) -> str:
    """16 hex digits of class, message without its variable parts, and the functions of the traceback."""
    frames = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.name}" for frame in traceback.extract_tb(trace)[-5:]]
    parts = [error_class, normalise(message), *frames]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def normalise(message: str) -> str:
    """The first line of a message with quoted text, numbers, identifiers and addresses blanked out."""
    return _VARIABLE_PARTS.sub("…", message.split("\n", 1)[0])[:300]
