"""`manage.py up`: everything the site needs, in one foreground command."""

import argparse
import os
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from opsconsole.embedded.children import Child
from opsconsole.embedded.ports import LOOPBACK, answers, require_free
from opsconsole.embedded.servers import Postgres, Valkey
from opsconsole.embedded.site import Site
from opsconsole.embedded.state import State
from opsconsole.embedded.supervisor import Stopped, Supervisor
from opsconsole.embedded.trouble import Trouble

ENOUGH_DISK = 200 * 2**20  # bytes
PREPARATION_SECONDS = 1800
READY_SECONDS = 120


def up(arguments: Sequence[str]) -> int:
    """Run the site until somebody stops it; the exit code. Raises Trouble."""
    options = parse(arguments)
    started = time.monotonic()
    state = State(options.state)
    with state.taken():
        _end_leftovers(state)
        require_free(options.port)
        if options.reset:
            state.reset()
        _require_disk(state.directory)
        state.set_logs_aside()
        published: dict[str, str] = {}
        with Supervisor(say=say, changed=partial(state.publish, published)) as supervisor, suppress(Stopped):
            servers = _servers(state, supervisor)
            site = Site(state, options.port, options.workers, options.demo, servers)
            published.update(site.environment)
            _start(site, supervisor)
            say(_welcome(site, time.monotonic() - started))
            supervisor.watch()
        say("Stopped.")
    return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="manage.py up", description="Run the whole site until Ctrl-C.")
    parser.add_argument("--port", type=int, default=8000, help="of the web server (default: %(default)s)")
    parser.add_argument("--state", type=Path, metavar="DIR", help="where data, logs and secrets are kept")
    parser.add_argument("--no-demo", dest="demo", action="store_false", help="without the demonstration")
    parser.add_argument("--reset", action="store_true", help="forget what the state directory holds first")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="worker processes (default: %(default)s)")
    return parser.parse_args(arguments)


def say(text: str) -> None:
    print(text, flush=True)


def _end_leftovers(state: State) -> None:
    for leftover in state.leftovers():
        if leftover.runs:
            say(f"Ending {leftover.name}, which an earlier run left behind...")
            leftover.end()


def _require_disk(directory: Path) -> None:
    free = shutil.disk_usage(directory).free
    if free < ENOUGH_DISK:
        raise Trouble(
            f"The disk that holds {directory} is nearly full: {free // 2**20} MB are free,"
            f" {ENOUGH_DISK // 2**20} MB are needed."
        )


def _servers(state: State, supervisor: Supervisor) -> dict[str, str]:
    """Start what the environment does not name; the URLs of both."""
    urls = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if name in os.environ}
    children: list[Child] = []
    if "DATABASE_URL" not in urls:
        postgres = Postgres(state.directory)
        say(f"Starting PostgreSQL {postgres.programs.version}...")
        supervisor.launch(postgres, essential=True)
        children.append(postgres)
        urls["DATABASE_URL"] = postgres.url
    if "REDIS_URL" not in urls:
        valkey = Valkey(state.directory)
        say("Starting Valkey...")
        supervisor.launch(valkey)
        children.append(valkey)
        urls["REDIS_URL"] = valkey.url
    _await(supervisor, children, all_ready(children))
    return urls


def _start(site: Site, supervisor: Supervisor) -> None:
    say("Preparing the database...")
    web, others = site.web(), list(site.processes())
    tables_are_there = site.prepared.exists()
    if tables_are_there:
        supervisor.launch(web, stops_first=True)  # reads its code meanwhile
    supervisor.run(site.preparation(), PREPARATION_SECONDS)
    site.prepared.touch()
    say("Starting dispatcher, worker and web server...")
    if not tables_are_there:
        supervisor.launch(web, stops_first=True)
    for child in others:
        supervisor.launch(child)
    children = [web, *others]
    ready = all_ready(children)
    _await(supervisor, children, lambda: ready() and answers(site.port))


def all_ready(children: Sequence[Child]) -> Callable[[], bool]:
    """Whether all are of use; the check raises Trouble when one has ended."""
    return lambda: all(child.ready() for child in children)


def _await(supervisor: Supervisor, children: Sequence[Child], condition: Callable[[], bool]) -> None:
    if not supervisor.wait(condition, READY_SECONDS):
        names = ", ".join(child.name for child in children)
        logs = children[-1].log.parent
        raise Trouble(f"Not ready after {READY_SECONDS} s: {names}. See the logs in {logs}")


def _welcome(site: Site, seconds: float) -> str:
    return f"""
  opsconsole is ready ({seconds:.1f} s).

    Open      http://{LOOPBACK}:{site.port}/
    User      admin
    Password  {site.password()}
    State     {site.state.directory} (logs in logs/)

  Ctrl-C stops everything."""
