"""How long a transaction waits for what others have locked."""

from typing import Any


def bound(cursor: Any, patience: str | None) -> None:
    """From here to the end of the transaction each lock is waited for so long, such as "1s"; None is as ever."""
    if patience is not None:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [patience])
