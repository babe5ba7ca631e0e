"""Which addresses a call may go to: a host is resolved once, and every answer has to be public."""

import logging
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from opsconsole.kernel.names import IPAddress, resolve

logger = logging.getLogger(__name__)

LONGEST = 2_000  # characters of a URL
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
UNICAST = ip_network("2000::/3")  # all that was ever given out of IPv6

# What `is_global` alone would let pass, at least in some versions of Python: addresses that stand for an IPv4 address
# somewhere else, and those that lead nowhere in public.
SUSPECT = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # relays of 6to4
        "168.63.129.16/32",  # what virtual machines of Azure take their orders from
        "2001::/23",  # protocol assignments: Teredo, benchmarks, identifiers that are no addresses
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
EMBEDDED = (0x0000_5EFE, 0x0200_5EFE)  # ISATAP: the words before an IPv4 address in the lower half

_VISIBLE = re.compile(r"[!-\[\]-~]+")  # printable ASCII but for the blank and the backslash
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class ForbiddenAddress(Exception):
    """A call would go where it must not; the text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads, in its own words: `literal` is its host when that is a number, which needs no looking up."""

    host: str
    port: int
    is_tls: bool
    path: str
    literal: IPAddress | None


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
    """Resolve a URL's host once and check every answer; raises ForbiddenAddress, OSError when it has none."""
    where = place(url)
    addresses = [where.literal] if where.literal else resolve(where.host)
    return checked(where, addresses, allowed_hosts=allowed_hosts, loopback=loopback)


def place(url: str) -> Place:
    """What a URL says; raises ForbiddenAddress.

    What could be read in more than one way is refused, wherever it may lead: other programs on the way read it in
    theirs.
    """
    parts, port = _split(url)
    host = parts.hostname or ""
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    return Place(host, port, parts.scheme == "https", path, _literal(host))


def checked(
    where: Place,
    addresses: Sequence[IPAddress],
    *,
    allowed_hosts: Collection[str] = (),
    loopback: bool = False,
    turn: int = 0,
) -> Target:
    """Where to connect to, when a host stands for these; raises ForbiddenAddress.

    `allowed_hosts` (in small letters) may have any address, `loopback` lets this machine be called. Of several
    addresses each `turn`, counted from 0, takes the next one: the first may be out of reach for ever.
    """
    if where.host not in allowed_hosts:
        for address in addresses:
            _check(address, where.host, loopback)
    return Target(where.host, str(addresses[turn % len(addresses)]), where.port, where.is_tls, where.path)


def _split(url: str) -> tuple[SplitResult, int]:
    if len(url) > LONGEST:
        raise ForbiddenAddress(f"a URL has {LONGEST:,} characters at most, and this one has {len(url):,}")
    if not _VISIBLE.fullmatch(url):
        raise ForbiddenAddress(f"{url!r} holds something else than visible ASCII characters, or a backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ForbiddenAddress(f"{url!r} is no URL: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ForbiddenAddress(f"{url!r} is no http or https URL with a host")
    if "[" in parts.netloc and ":" not in parts.hostname:
        raise ForbiddenAddress(f"{url!r} has brackets around something that is no IPv6 address")
    if "@" in parts.netloc:
        raise ForbiddenAddress("a URL with a user name or password is not called")
    if port == 0:
        raise ForbiddenAddress(f"{url!r} names port 0, which nobody listens on")
    return parts, port or (443 if parts.scheme == "https" else 80)


def _literal(host: str) -> IPAddress | None:
    """The address that is the host itself. Numbers are dotted in four, or are no names at all."""
    if ":" not in host and not _NUMBER.fullmatch(host.rpartition(".")[2]):
        if len(host) > 253 or not _NAME.fullmatch(host):
            raise ForbiddenAddress(f"{host!r} is no name that a host can have")
        return None
    try:
        address = ip_address(host)
    except ValueError:
        raise ForbiddenAddress(f"{host!r} is no plain IP address: not four decimal numbers, nor IPv6") from None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ForbiddenAddress(f"{host!r} names a zone, which means something on one machine only")
    return address


def _check(address: IPAddress, host: str, loopback: bool) -> None:
    if loopback and any(address in network for network in LOOPBACK):
        return
    if not address.is_global or address.is_multicast or address.is_reserved or _is_suspect(address):
        logger.info("%s leads to %s, which is not public", host, address, extra={"action": "address.forbidden"})
        raise ForbiddenAddress(f"{host} leads to what is not a public address")  # which one is nobody's business


def _is_suspect(address: IPAddress) -> bool:
    if any(address in network for network in SUSPECT):
        return True
    return address.version == 6 and (address not in UNICAST or (int(address) >> 32) & 0xFFFF_FFFF in EMBEDDED)
