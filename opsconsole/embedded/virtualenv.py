"""The project's virtual environment: made when missing, filled with exactly what a lock file names."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from opsconsole.embedded.trouble import Trouble, if_disk_full

RUNTIME, DEVELOPMENT = "requirements.lock", "requirements-dev.lock"
SATISFIED_BY = {RUNTIME: (RUNTIME, DEVELOPMENT), DEVELOPMENT: (DEVELOPMENT,)}
OLDEST_PIP = (22, 3)  # the first that can install into another environment


class VirtualEnvironment:
    """`.venv` in the checkout, or the directory that OPSCONSOLE_VENV names."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self.directory = Path(os.environ.get("OPSCONSOLE_VENV") or checkout / ".venv").absolute()
        self.python = self.directory / "bin" / "python"
        self._stamp = self.directory / "installed-locks.json"
        self._unfinished = self.directory / "installation-unfinished"

    @property
    def is_current(self) -> bool:
        """Whether this very process runs in it."""
        return Path(sys.prefix).resolve() == self.directory.resolve()

    @property
    def usable(self) -> bool:
        """Whether it is whole and runs, as the minor version of Python that runs now."""
        if self.is_current:
            return True
        question = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
        whole = self.python.exists() and not self._unfinished.exists()
        return whole and _succeeds([str(self.python), "-c", question])

    def ensure(self, lock: str) -> None:
        """Make it hold what the lock file names. Raises Trouble."""
        if self.usable and self._holds(lock):
            return
        with self._alone():
            if not self.usable:
                self._build()
            if not self._holds(lock):
                self._install(lock)

    def _holds(self, lock: str) -> bool:
        installed = self._installed()
        return any(installed.get(name) == self._fingerprint(name) for name in SATISFIED_BY[lock])

    def _installed(self) -> dict[str, str]:
        try:
            return dict(json.loads(self._stamp.read_text()))
        except (FileNotFoundError, ValueError):
            return {}

    def _fingerprint(self, lock: str) -> str:
        return hashlib.sha256((self.checkout / lock).read_bytes()).hexdigest()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time build and install."""
        with (self.checkout / "manage.py").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _build(self) -> None:
        strange = self.directory.exists() and not (self.directory / "pyvenv.cfg").exists()
        if strange and any(self.directory.iterdir()):
            raise Trouble(f"{self.directory} is not a virtual environment; move it away.")
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        print(f"Making a virtual environment for Python {version} in {self.directory}...", flush=True)
        self._run(
            [_base_python(), "-m", "venv", "--without-pip", "--clear", str(self.directory)],
            failing="The virtual environment could not be made",
        )

    def _install(self, lock: str) -> None:
        print(f"Installing what {lock} names (once, this takes a while)...", flush=True)
        self._unfinished.touch()
        options = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
        self._run(
            [*self._pip, "install", *options, "-r", str(self.checkout / lock)],
            failing="pip could not install the requirements",
        )
        self._unfinished.unlink()
        self._stamp.write_text(json.dumps({**self._installed(), lock: self._fingerprint(lock)}, indent=1))

    @cached_property
    def _pip(self) -> list[str]:
        """A pip that installs into this environment: the calling Python's, or one that Python can unpack."""
        for python in dict.fromkeys((sys.executable, _base_python())):
            if _pip_version(python) >= OLDEST_PIP:
                return [python, "-m", "pip", "--python", str(self.python)]
        if _succeeds([str(self.python), "-m", "ensurepip", "--default-pip"]):
            return [str(self.python), "-m", "pip"]
        raise Trouble(
            f"{_base_python()} has no pip (22.3 or newer), which is needed to install the requirements.\n"
            "Install it; on Debian: apt-get install python3-pip"
        )

    def _run(self, command: list[str], *, failing: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stdout + done.stderr).strip()
            raise if_disk_full(said, self.directory) or Trouble(f"{failing}:\n{said}")


def _base_python() -> str:
    """The Python outside any virtual environment."""
    return getattr(sys, "_base_executable", sys.executable)


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _pip_version(python: str) -> tuple[int, ...]:
    asked = [python, "-c", "import pip; print(pip.__version__)"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    return tuple(int(part) for part in said.strip().split(".")[:2] if part.isdigit())
