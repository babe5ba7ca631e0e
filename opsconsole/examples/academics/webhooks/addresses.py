"""Which addresses a call may go to: a host is resolved once, and every answer has to be public."""

import socket
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

IPAddress = IPv4Address | IPv6Address

# What `is_global` alone would let pass, at least in some versions of Python: addresses that stand for an IPv4
# address somewhere else, and those of a site.
SUSPECT = tuple(
    ip_network(text)
    for text in (
        "::/96",  # IPv4-compatible, long given up
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local use
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "fec0::/10",  # site-local, long given up
    )
)


class ForbiddenAddress(Exception):
    """A call would go where it must not; the text says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads: `address` is the checked one to connect to, `host` the name to ask for."""

    host: str
    address: str
    port: int
    is_tls: bool
    path: str

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.is_tls else 80) else f"{name}:{self.port}"


def target(url: str, *, allowed_hosts: Collection[str] = (), loopback: bool = False) -> Target:
    """Resolve a URL's host once and check every answer; raises ForbiddenAddress, OSError when it has none.

    `allowed_hosts` may have any address, `loopback` lets this machine be called.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ForbiddenAddress(f"{url!r} is no URL: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ForbiddenAddress(f"{url!r} is no http or https URL with a host")
    if parts.username is not None or parts.password is not None:
        raise ForbiddenAddress("a URL with a user name or password is not called")
    is_tls = parts.scheme == "https"
    port = port or (443 if is_tls else 80)
    addresses = _resolve(parts.hostname, port)
    if parts.hostname not in allowed_hosts:
        for address in addresses:
            _check(address, parts.hostname, loopback)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    return Target(parts.hostname, str(addresses[0]), port, is_tls, path)


def _resolve(host: str, port: int) -> list[IPAddress]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]


def _check(address: IPAddress, host: str, loopback: bool) -> None:
    if loopback and address.is_loopback:
        return
    is_suspect = any(address in network for network in SUSPECT if network.version == address.version)
    if is_suspect or not address.is_global or address.is_multicast or address.is_reserved:
        raise ForbiddenAddress(f"{host} leads to {address}, which is not a public address")
