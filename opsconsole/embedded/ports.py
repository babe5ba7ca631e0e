"""Ports on the loopback interface."""

import http.client
import socket

from opsconsole.embedded.trouble import Trouble

LOOPBACK = "127.0.0.1"


def require_free(port: int) -> None:
    """Raises Trouble when something else listens there."""
    if not is_free(port):
        raise Trouble(f"Port {port} is taken by another program. Choose another one, such as: --port {port + 1}")


def is_free(port: int) -> bool:
    """Whether we may listen on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether the web server there gives a page that is no server error."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
