"""The suite's own servers, started before Django's settings load, and the tests that are off by default."""

import argparse
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from opsconsole.embedded.temporary import throwaway
from opsconsole.embedded.trouble import Trouble, explain

OFF_BY_DEFAULT = {
    "full": "the long form of a proof; run it with --full",
    "bench": "a measurement; run it with --bench",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FOR_TESTS = {"max_connections": "200", "shared_buffers": "128MB"}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("opsconsole")
    group.addoption("--full", action="store_true", help="also run the long form of the proofs")
    group.addoption("--bench", action="store_true", help="also run the measurements")


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """A wrapper comes before pytest-django, which reads the settings in this same hook."""
    known = early_config.known_args_namespace
    if not (known.help or known.version or _only_directs(known)):
        _provide_servers(early_config)
    return (yield)


def _only_directs(known: argparse.Namespace) -> bool:
    """With pytest-xdist, this process runs no test: each of its workers has servers of its own."""
    return bool(getattr(known, "numprocesses", None)) and "PYTEST_XDIST_WORKER" not in os.environ


def _provide_servers(config: pytest.Config) -> None:
    """Use the servers that the environment names, else start our own until pytest ends."""
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        return
    until_the_end = ExitStack()
    config.add_cleanup(until_the_end.close)
    try:
        servers = until_the_end.enter_context(throwaway(durable=False, settings=FOR_TESTS))
    except Trouble as trouble:
        raise pytest.UsageError(str(trouble)) from None
    except OSError as error:
        raise pytest.UsageError(str(explain(error))) from None
    for name, url in servers.environment.items():
        os.environ.setdefault(name, url)


def pytest_configure(config: pytest.Config) -> None:
    for name, reason in OFF_BY_DEFAULT.items():
        config.addinivalue_line("markers", f"{name}: {reason}")
    config.addinivalue_line("markers", "browser: a journey in Chromium; skipped where there is none")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    skips = {name: reason for name, reason in OFF_BY_DEFAULT.items() if not config.getoption(f"--{name}")}
    if not any(map(shutil.which, BROWSERS)):
        skips["browser"] = "there is no Chromium here"
    for item in items:
        for name in skips.keys() & {marker.name for marker in item.iter_markers()}:
            item.add_marker(pytest.mark.skip(reason=skips[name]))
