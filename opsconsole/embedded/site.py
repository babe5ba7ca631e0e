"""The site's processes: which run, how they are started and what they find in their environment."""

import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from opsconsole.embedded.children import Child
from opsconsole.embedded.ports import LOOPBACK, free_port, is_free
from opsconsole.embedded.state import CHECKOUT, MANAGE, State

GRACEFUL_WEB_SECONDS = 3  # an open live update would hold the web server for ever


@dataclass(frozen=True, slots=True)
class Site:
    """What `up` was asked to run."""

    state: State
    port: int
    workers: int
    demo: bool
    servers: Mapping[str, str]  # DATABASE_URL and REDIS_URL

    @property
    def environment(self) -> dict[str, str]:
        """The variables that all processes of the site share."""
        return {
            **self.servers,
            "OPSCONSOLE_STATE": str(self.state.directory),
            "OPSCONSOLE_DEMO": "1" if self.demo else "0",
            "OPSCONSOLE_SECRET_KEY": os.environ.get("OPSCONSOLE_SECRET_KEY") or self._secret_key(),
            "OPSCONSOLE_SMTP_PORT": os.environ.get("OPSCONSOLE_SMTP_PORT") or self._smtp_port(),
        }

    def preparation(self) -> Child:
        """Migrates, makes the administrator and loads the demonstration, in one process."""
        demo = "--demo" if self.demo else "--no-demo"
        return self._django("preparation", "prepare_site", demo, "--password-file", str(self.password_file))

    def processes(self) -> Iterator[Child]:
        """What runs besides the web server, in the order of starting."""
        if self.demo:
            yield self._django("SMTP sink", "smtp_sink")
        yield self._django("dispatcher", "dispatcher")
        yield self._django("worker", "worker", "-c", str(self.workers))
        if self.demo:
            yield self._django("demo", "demo")
            yield self._django("billing", "simulate_billing", "--people")
            yield self._django("lending demo", "lending_demo")

    def web(self) -> Child:
        words = ["--host", LOOPBACK, "--port", str(self.port), "--no-access-log"]
        words += ["--timeout-graceful-shutdown", str(GRACEFUL_WEB_SECONDS)]
        return self._python("web", "-m", "uvicorn", "opsconsole.config.asgi:application", *words)

    @property
    def prepared(self) -> Path:
        """A file that is there once a run has got as far as that."""
        return self.state.directory / "prepared"

    @property
    def password_file(self) -> Path:
        return self.state.directory / "admin-password"

    def password(self) -> str:
        """The administrator's, as far as we know it."""
        if given := os.environ.get("OPSCONSOLE_ADMIN_PASSWORD"):
            return given
        return self.password_file.read_text() if self.password_file.exists() else "(as you changed it)"

    def _django(self, name: str, *arguments: str) -> Child:
        return self._python(name, str(MANAGE), *arguments)

    def _python(self, name: str, *arguments: str) -> Child:
        environment = {**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"}
        log = self.state.logs / f"{name.lower().replace(' ', '-')}.log"
        child = Child(name, [sys.executable, *arguments], log=log, environment=environment)
        child.directory = CHECKOUT
        return child

    def _secret_key(self) -> str:
        return self.state.keep("secret-key", lambda: secrets.token_urlsafe(50))

    def _smtp_port(self) -> str:
        return self.state.keep("smtp-port", lambda: str(free_port()), still_good=lambda kept: is_free(int(kept)))
