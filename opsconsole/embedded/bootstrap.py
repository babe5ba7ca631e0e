"""From a bare Python to a running command: the virtual environment, the servers, then Django."""

import importlib.util
import os
import runpy
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NoReturn

from opsconsole.embedded.state import CHECKOUT, MANAGE, State
from opsconsole.embedded.temporary import throwaway
from opsconsole.embedded.trouble import Trouble, explain
from opsconsole.embedded.virtualenv import DEVELOPMENT, RUNTIME, VirtualEnvironment

SETTINGS = "opsconsole.config.settings"
LOCKS = {"up": RUNTIME, "test": DEVELOPMENT, "bench": DEVELOPMENT}
HELP = {"-h", "--help"}
NEED_NO_SERVERS = {
    "check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "help", "makemessages",
    "makemigrations", "startapp", "version",
}  # fmt: skip


def main(argv: list[str]) -> NoReturn:
    """Do what the command line asks and exit with its code."""
    command, *rest = argv[1:] or ["help"]
    with ExitStack() as servers:
        with plain_words():
            _enter_virtual_environment(command, argv[1:])
            if command == "up":
                from opsconsole.embedded.up import up

                sys.exit(up(rest))
            if command == "test":
                os.chdir(CHECKOUT)
                os.execv(sys.executable, [sys.executable, "-m", "pytest", *(rest or _side_by_side())])
            if command == "bench":
                _start_durable_servers(servers, rest)
            else:
                _use_running_servers(command, rest)
        if command == "bench":
            _bench(rest)
        _django(argv)


def _side_by_side() -> list[str]:
    """The whole suite runs on several processes, each with servers of its own, unless it is given some."""
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        return []
    return ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder"]


@contextmanager
def plain_words() -> Iterator[None]:
    """Say what is wrong and exit with code 1, instead of a traceback."""
    try:
        yield
    except Trouble as trouble:
        sys.exit(f"\n{trouble}")
    except OSError as error:
        sys.exit(f"\n{explain(error)}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def _enter_virtual_environment(command: str, arguments: list[str]) -> None:
    """Go on in the project's environment; `up`, `test` and `bench` make it first."""
    environment = VirtualEnvironment(CHECKOUT)
    if command in LOCKS:
        environment.ensure(LOCKS[command])
    elif _has_django() and sys.prefix != sys.base_prefix:
        return
    elif not environment.python.exists():
        if _has_django():
            return
        raise Trouble("Nothing is installed yet. Start with: python3 manage.py up")
    if not environment.is_current:
        sys.stdout.flush()
        os.execv(environment.python, [str(environment.python), str(MANAGE), *arguments])


def _has_django() -> bool:
    return importlib.util.find_spec("django") is not None


def _use_running_servers(command: str, arguments: list[str]) -> None:
    """Let a Django command use what `up` runs, unless the environment names servers."""
    if "DATABASE_URL" in os.environ:
        return
    running = State().running_environment()
    for name, value in running.items():
        os.environ.setdefault(name, value)
    alone = command in NEED_NO_SERVERS and "--database" not in arguments
    helps = command.startswith("-") or alone or HELP & set(arguments)
    if not running and not helps:
        raise Trouble(
            "No servers are running. Start them in another terminal with: python3 manage.py up\n"
            "(or set DATABASE_URL and REDIS_URL; a state directory other than the default: OPSCONSOLE_STATE)"
        )


def _start_durable_servers(servers: ExitStack, arguments: list[str]) -> None:
    """Measure on servers of its own that keep every promise of durability."""
    if "DATABASE_URL" not in os.environ and not HELP & set(arguments):
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
        os.environ.update(servers.enter_context(throwaway(durable=True)).environment)


def _bench(arguments: list[str]) -> NoReturn:
    os.chdir(CHECKOUT)
    sys.argv = ["manage.py bench", *arguments]
    runpy.run_module("tests.benchmarks", run_name="__main__")
    sys.exit(0)


def _django(argv: list[str]) -> NoReturn:
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    execute_from_command_line(argv)
    sys.exit(0)
