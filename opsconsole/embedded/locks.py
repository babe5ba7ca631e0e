"""A file that one process at a time may hold; the kernel lets go of it however the holder ends."""

import fcntl
import os
from pathlib import Path


class FileLock:
    """An exclusive lock on a file, held until released or until this process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def acquire(self) -> bool:
        """Take the lock; False when somebody else holds it."""
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @property
    def held_by_somebody(self) -> bool:
        """Whether another process (or another lock object of this one) holds it now."""
        if not self.path.exists():
            return False
        probe = FileLock(self.path)
        free = probe.acquire()
        probe.release()
        return not free
