"""Where a webhook may go. Addresses are checked only, never connected to."""

import socket
from typing import Any

import pytest

from opsconsole.examples.academics.webhooks.addresses import ForbiddenAddress, Target, target

FORBIDDEN = (
    "127.0.0.1",
    "127.8.8.8",
    "localhost",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "2130706433",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "[::]",
    "[::1]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fc00::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:8.8.8.8]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::8.8.8.8]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2002:808:808::]",
    "[2001:0:0:0:0:0:8.8.8.8]",
    "[100::1]",
)


@pytest.mark.parametrize("host", FORBIDDEN)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_addresses_that_are_not_public_are_forbidden(host: str, scheme: str) -> None:
    with pytest.raises((ForbiddenAddress, OSError)):
        target(f"{scheme}://{host}/hook")


@pytest.mark.parametrize("host", ["8.8.8.8", "1.1.1.1", "[2606:4700:4700::1111]"])
def test_public_addresses_may_be_called(host: str) -> None:
    assert target(f"https://{host}/hook").address == host.strip("[]")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "//8.8.8.8/",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "gopher://8.8.8.8/",
        "http:///hook",
        "http://user@8.8.8.8/",
        "http://user:pass@8.8.8.8/",
        "http://8.8.8.8:99999/",
        "http://[::1/",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_plain_web_address_is_forbidden(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        target(url)


def resolving(monkeypatch: Any, *addresses: str) -> list[str]:
    asked = []

    def answer(host: str, port: int, **kwargs: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def test_one_private_answer_among_public_ones_forbids_the_host(monkeypatch: Any) -> None:
    resolving(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(ForbiddenAddress, match=r"rebind\.example leads to 10\.0\.0\.1"):
        target("http://rebind.example/")


def test_a_host_is_resolved_once_and_the_checked_address_is_the_one_to_connect_to(monkeypatch: Any) -> None:
    asked = resolving(monkeypatch, "8.8.8.8", "1.1.1.1")
    found = target("https://partner.example:8443/hook?a=1")
    assert asked == ["partner.example"]
    assert found == Target("partner.example", "8.8.8.8", 8443, True, "/hook?a=1")
    assert found.host_header == "partner.example:8443"


def test_a_host_that_is_named_may_be_anywhere(monkeypatch: Any) -> None:
    resolving(monkeypatch, "10.0.0.1")
    assert target("http://inside.example/", allowed_hosts={"inside.example"}).address == "10.0.0.1"
    with pytest.raises(ForbiddenAddress):
        target("http://other.example/", allowed_hosts={"inside.example"})


def test_loopback_is_allowed_for_the_demonstration_and_nothing_else_is() -> None:
    assert target("http://127.0.0.1:9/", loopback=True).host_header == "127.0.0.1:9"
    assert target("http://[::1]/", loopback=True).host_header == "[::1]"
    for host in ("10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]"):
        with pytest.raises(ForbiddenAddress):
            target(f"http://{host}/", loopback=True)
