"""As much of HTTP/1.1 as an answer to one POST needs: a status, and the beginning of a body."""

import re

KEPT = 4096  # bytes of a body
LARGEST_HEAD = 65_536  # bytes
MOST_LINES = 100  # of a head
MOST_HEADS = 5  # of an answer, those before the answer included
LONGEST_LINE = 4096  # bytes, before a chunk
MOST_CHUNKED = 65_536  # bytes of a body in chunks, what is around them included

_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)(?: |\r|\n|$)")
_LENGTH = re.compile(rb"(?mi)^content-length:[ \t]*(\d{1,18})[ \t]*\r?$")
_CHUNKED = re.compile(rb"(?mi)^transfer-encoding:")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")


class NoHttp(Exception):
    """What the other side said is no answer of HTTP."""


def understood(said: bytes | bytearray, *, is_all: bool) -> tuple[int, bytes] | None:
    """Status and beginning of the body, or None while more must come; `is_all` when nothing more will.

    A body that breaks off counts as far as it came: the status says what the other side has made of the call.
    """
    rest = bytes(said)
    for _ in range(MOST_HEADS):
        head, end, rest = rest.partition(b"\r\n\r\n")
        _check(head, is_all and not end)
        if not end:
            return None
        status = _status(head)
        if status >= 200 or status == 101:
            break  # else it is an answer before the answer, such as 100 Continue
        if not rest and is_all:
            return status, b""
    else:
        raise NoHttp(f"{MOST_HEADS} answers before the answer")
    if status in (101, 204, 304):
        return status, b""
    if _CHUNKED.search(head):
        body = _chunked(rest, is_all)
        return None if body is None else (status, body)
    length = _LENGTH.search(head)
    wanted = min(int(length[1]), KEPT) if length else KEPT
    return (status, rest[:wanted]) if is_all or len(rest) >= wanted else None


def begun(said: bytes | bytearray) -> tuple[int, bytes] | None:
    """What an answer says that has not come to its end: None before its head has."""
    try:
        answer = understood(said, is_all=True)
    except NoHttp:
        return None
    return answer if answer and answer[0] >= 200 else None


def _check(head: bytes, is_broken: bool) -> None:
    if len(head) > LARGEST_HEAD or head.count(b"\n") > MOST_LINES:
        raise NoHttp(f"a head of {len(head):,} bytes, in {head.count(10):,} lines")
    begun = b"HTTP/1."
    if not head.startswith(begun) and not begun.startswith(head) or (is_broken and not head):
        raise NoHttp("nothing was said" if not head else f"this is no HTTP: {head[:40]!r}")
    if is_broken:
        raise NoHttp("broken off within the head")


def _status(head: bytes) -> int:
    if found := _STATUS.match(head):
        return int(found[1])
    raise NoHttp(f"this is no status: {head[:40]!r}")


def _chunked(rest: bytes, is_all: bool) -> bytes | None:
    """What the chunks hold, put together; None while more must come."""
    kept, at = bytearray(), 0
    while len(kept) < KEPT:
        line = _SIZE.match(rest, at)
        if line is None:
            if b"\r\n" in rest[at:] or len(rest) - at > LONGEST_LINE:
                raise NoHttp(f"this is no size of a chunk: {rest[at : at + 40]!r}")
            break
        size = int(line[1], 16)
        if size == 0:
            return bytes(kept)
        kept += rest[line.end() : line.end() + size]
        at = line.end() + size + 2
        if rest[at - 2 : at] != b"\r\n":
            if len(rest) >= at:
                raise NoHttp("a chunk is longer than it said")
            break
    is_enough = len(kept) >= KEPT or len(rest) > MOST_CHUNKED
    return bytes(kept[:KEPT]) if is_all or is_enough else None
