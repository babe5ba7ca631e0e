"""How long a transaction waits for what others have locked."""

from typing import Any


def bound(cursor: Any, seconds: float | None) -> None:
    """From here to the end of the transaction each lock is waited for so long; None is as ever."""
    if seconds is not None:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{1000 * seconds:.0f}ms"])
