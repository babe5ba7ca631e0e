"""Where a call may go. Addresses are checked only, never connected to."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from opsconsole.kernel.addresses import LONGEST, ForbiddenAddress, Target, target

HOSTILE = {
    "this machine": [
        "127.0.0.1",
        "127.8.8.8",
        "127.255.255.254",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "127.0.0.1.",
        "0.0.0.0",
        "0.1.2.3",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
    ],
    "numbers of another kind": [
        "2130706433",
        "134744072",
        "017700000001",
        "0x7f000001",
        "0X7F000001",
        "0x7f.1",
        "0x7f.0x0.0x0.0x1",
        "0177.0.0.1",
        "0177.0000.0000.0001",
        "127.0.0.01",
        "08.8.8.8",
        "127.1",
        "127.0.1",
        "0",
        "8.8.8.8.8",
        "8.8.8.256",
        "-1",
        "8.8.8.8%00",
    ],
    "private, local, or nobody's": [
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.254",
        "169.254.169.254",
        "169.254.0.1",
        "192.0.0.8",
        "192.0.0.192",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "198.18.0.1",
        "192.88.99.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fec0::1]",
        "[ff02::1]",
        "[ff0e::1]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[2001:2::1]",
        "[2001:20::1]",
        "[100::1]",
        "[5f00::1]",
        "[4000::1]",
    ],
    "IPv4 within IPv6": [
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:8.8.8.8]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "[::8.8.8.8]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::8.8.8.8]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2002:808:808::]",
        "[2001:0:0:0:0:0:8.8.8.8]",
        "[2a00:1450::5efe:10.0.0.1]",
        "[2a00:1450::200:5efe:127.0.0.1]",
    ],
    "zones, names and signs": [
        "[fe80::1%25eth0]",
        "[fe80::1%eth0]",
        "[2606:4700:4700::1111%25lo]",
        "[v1.localhost]",
        "[8.8.8.8]",
        "127.0.0.1\\.example.com",
        "8.8.8.8\\@127.0.0.1",
        "user@8.8.8.8",
        "user:pass@8.8.8.8",
        "8.8.8.8@127.0.0.1",
        "@127.0.0.1",
        ":@8.8.8.8",
        "127%2e0%2e0%2e1",
        "%31%32%37.0.0.1",
        "localhost%00.example.com",
        "１２７.０.０.１",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "ⓛocalhost",
        "loc\u00adalhost",
        "8.8.8.8\t",
        "8.8.\n8.8",
        "8.8.8.8 ",
        "8.8.8.8\x00",
        "8.8.8.8:0",
        "8.8.8.8:65536",
        "8.8.8.8:-1",
        "8.8.8.8:8o",
        "8.8.8.8:８０",
        "exa mple.com",
        "a..b",
        ".example.com",
        "-x.example.com",
        "x" * 64 + ".example.com",
        ".".join(["x" * 60] * 5),
        "",
    ],
}
FORMS = [host for forms in HOSTILE.values() for host in forms]
Resolve = Callable[..., list[str]]


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names that were looked up; only this machine's own is known. Connecting anywhere is a failure."""
    names: list[str] = []

    def answer(host: str, port: int, **kwargs: Any) -> list[tuple[Any, ...]]:
        names.append(host)
        if host != "localhost":
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    def refuse(*args: Any) -> None:
        raise AssertionError("something was connected to")

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    return names


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Answers of the name service: one list an inquiry, the last of them for ever."""

    def resolve(*answers: list[str]) -> list[str]:
        left, names = list(answers), []

        def answer(host: str, port: int, **kwargs: Any) -> list[tuple[Any, ...]]:
            names.append(host)
            addresses = left.pop(0) if len(left) > 1 else left[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        return names

    return resolve


def test_the_table_is_long_enough() -> None:
    assert len(set(FORMS)) >= 60


@pytest.mark.parametrize("host", FORMS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_addresses_that_are_not_public_are_forbidden(host: str, scheme: str, asked: list[str]) -> None:
    with pytest.raises(ForbiddenAddress):
        target(f"{scheme}://{host}/hook")
    assert set(asked) <= {"localhost"}, "anything but a name is told from its spelling"


@pytest.mark.parametrize("host", FORMS)
def test_what_is_allowed_for_loopback_is_loopback_in_its_plain_spelling(host: str) -> None:
    if host.lower() in ("127.0.0.1", "127.8.8.8", "127.255.255.254", "localhost", "[::1]", "[0:0:0:0:0:0:0:1]"):
        assert target(f"http://{host}/", loopback=True).address in ("127.0.0.1", "::1", host)
        return
    with pytest.raises(ForbiddenAddress):
        target(f"http://{host}/", loopback=True)


@pytest.mark.parametrize("host", ["8.8.8.8", "1.1.1.1", "[2606:4700:4700::1111]", "[2a00:1450:4001::5efe:1]"])
def test_public_addresses_may_be_called_and_are_not_looked_up(host: str, asked: list[str]) -> None:
    assert target(f"https://{host}/hook").address == host.strip("[]")
    assert not asked


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "//8.8.8.8/",
        "8.8.8.8/hook",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "gopher://8.8.8.8/",
        "javascript:alert(1)",
        "data:text/plain,x",
        "http:8.8.8.8",
        "http:/8.8.8.8/",
        "http:///hook",
        "http:\\\\8.8.8.8\\",
        "http://[::1/",
        "http://::1/",
        "http://8.8.8.8/\r\nHost: inside",
        "http://8.8.8.8/a b",
        "http://8.8.8.8/é",
        " http://8.8.8.8/",
        "\x01http://8.8.8.8/",
        "http://8.8.8.8/" + "x" * LONGEST,
    ],
)
def test_what_is_no_plain_web_address_is_forbidden(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        target(url)


def test_one_private_answer_among_public_ones_forbids_the_host(
    resolving: Resolve, caplog: pytest.LogCaptureFixture
) -> None:
    """Which one it was stands in the log: whoever asks is not told how things are called inside."""
    resolving(["8.8.8.8", "10.0.0.1"])
    with pytest.raises(ForbiddenAddress, match=r"rebind\.example leads to") as refusal, caplog.at_level("INFO"):
        target("http://rebind.example/")
    assert "10.0.0.1" not in str(refusal.value) and "rebind.example leads to 10.0.0.1" in caplog.text


@pytest.mark.parametrize("answer", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1%eth0", "64:ff9b::1", "0.0.0.0"])
def test_what_a_name_stands_for_is_checked_as_numbers_are(resolving: Resolve, answer: str) -> None:
    resolving([answer])
    with pytest.raises(ForbiddenAddress, match="not a public address"):
        target("http://partner.example/")


def test_a_host_is_resolved_once_and_the_checked_address_is_the_one_to_connect_to(resolving: Resolve) -> None:
    names = resolving(["8.8.8.8", "1.1.1.1"], ["127.0.0.1"])
    found = target("https://partner.example:8443/hook?a=1#there")
    assert names == ["partner.example"]
    assert found == Target("partner.example", "8.8.8.8", 8443, True, "/hook?a=1")
    assert found.host_header == "partner.example:8443"


def test_a_host_that_is_named_may_be_anywhere(resolving: Resolve) -> None:
    resolving(["10.0.0.1"])
    assert target("http://Inside.example/", allowed_hosts={"inside.example"}).address == "10.0.0.1"
    for other in ("other.example", "inside.example.", "xinside.example", "inside.example.other.example"):
        with pytest.raises(ForbiddenAddress):
            target(f"http://{other}/", allowed_hosts={"inside.example"})


def test_a_name_without_an_address_is_an_error_of_its_own() -> None:
    with pytest.raises(socket.gaierror):
        target("http://nowhere.example/")


def test_loopback_is_allowed_for_the_demonstration_and_nothing_else_is() -> None:
    assert target("http://127.0.0.1:9/", loopback=True).host_header == "127.0.0.1:9"
    assert target("http://[::1]/", loopback=True).host_header == "[::1]"
    assert target("http://localhost:9/", loopback=True).address == "127.0.0.1"
