"""A Valkey (or Redis) server of our own, reached through a unix socket only; it keeps nothing."""

import socket
from pathlib import Path
from urllib.parse import quote

from opsconsole.embedded.binaries import find_valkey
from opsconsole.embedded.children import Child
from opsconsole.embedded.servers.sockets import sockets_directory

SOCKET = "valkey.sock"


class Valkey(Child):
    """A broker in `directory/valkey`; whatever it holds is gone when it ends, as the engine allows."""

    grace = 5.0

    def __init__(self, directory: Path, *, program: Path | None = None) -> None:
        super().__init__("Valkey", [], log=directory / "logs" / "valkey.log")
        self.home = directory
        self.program = program or find_valkey()
        self.socket = sockets_directory(directory / "valkey", None) / SOCKET

    @property
    def url(self) -> str:
        """For REDIS_URL, in the form that Celery takes."""
        return f"redis+socket://{quote(str(self.socket))}"

    @property
    def mark(self) -> str:
        return str(self.socket)  # it rewrites its command line

    def launch(self) -> None:
        """Start the server."""
        self.socket.unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "dir": str(self.socket.parent),
            "maxmemory-policy": "noeviction",
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self.command = [str(self.program), *words]
        super().launch()

    def ready(self) -> bool:
        """Whether it answers a PING."""
        super().ready()
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
            except (FileNotFoundError, ConnectionRefusedError, TimeoutError):
                return False
