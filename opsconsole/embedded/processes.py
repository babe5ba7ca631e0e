"""What the system knows about processes that are not our children."""

import subprocess
from pathlib import Path

PROC = Path("/proc")
HAS_PROC = (PROC / "self" / "stat").exists()


def command_line(pid: int) -> str:
    """The words of a running process's command line, joined by spaces; empty when there is none."""
    if not HAS_PROC:
        return _ps("-ww", "-o", "command=", "-p", str(pid))
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def children_of(pid: int) -> list[int]:
    """The processes that this one has started and that still run."""
    if HAS_PROC:
        pairs = [(int(place.name), _parent(place)) for place in PROC.iterdir() if place.name.isdigit()]
    else:
        pairs = [(int(line.split()[0]), int(line.split()[1])) for line in _ps("-A", "-o", "pid=,ppid=").splitlines()]
    return [process for process, parent in pairs if parent == pid]


def _parent(place: Path) -> int:
    try:
        after_name = (place / "stat").read_text(errors="replace").rpartition(")")[2]
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(after_name.split()[1])


def _ps(*options: str) -> str:
    return subprocess.run(["ps", *options], capture_output=True, text=True, check=False).stdout
