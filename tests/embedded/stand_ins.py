"""Programs that stand in for the site's processes, and a supervisor over them in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

OBEDIENT = "import signal; signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
WITH_GRANDCHILD = (
    "import subprocess, sys, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    f"grandchild = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]);"
    "print('grandchild', grandchild.pid, flush=True); signal.pause()"
)
FAILING = "import sys; sys.exit('the reason why')"
DISK_FULL = "import sys; sys.exit('could not extend file: No space left on device')"

SUPERVISED = """
import json, sys
from pathlib import Path
from opsconsole.embedded.children import Child
from opsconsole.embedded.supervisor import Supervisor
from opsconsole.embedded.trouble import Trouble

directory, programs = Path(sys.argv[1]), json.loads(sys.argv[2])

def changed(children):
    (directory / "pids.part").write_text(json.dumps({child.name: child.pid for child in children}))
    (directory / "pids.part").replace(directory / "pids")

def say(text):
    print(text, flush=True)

try:
    with Supervisor(say=say, changed=changed) as supervisor:
        for name, program in programs.items():
            child = Child(name, [sys.executable, "-c", program], log=directory / f"{name}.log")
            child.grace = 60.0 if name == "patient" else 1.0
            supervisor.launch(child, essential=name == "essential")
        say("watching")
        supervisor.watch()
        say("stopping")
except Trouble as trouble:
    sys.exit(str(trouble))
"""


class Supervised:
    """A supervisor in a process of its own, over these programs by name."""

    def __init__(self, directory: Path, **programs: str) -> None:
        self.directory = directory
        self.said = directory / "said"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SUPERVISED, str(directory), json.dumps(programs)],
                stdout=said,
                stderr=subprocess.STDOUT,
                cwd=CHECKOUT,
            )

    @property
    def words(self) -> str:
        return self.said.read_text()

    @property
    def pids(self) -> dict[str, int]:
        path = self.directory / "pids"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def log(self, name: str) -> str:
        path = self.directory / f"{name}.log"
        return path.read_text() if path.exists() else ""


def exists(pid: int) -> bool:
    """Whether a process of this number is there and no zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
