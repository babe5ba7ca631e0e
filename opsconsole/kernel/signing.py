"""Signatures, in the manner of Standard Webhooks: over the call's id, the time and the body."""

import hmac
from base64 import b64encode
from hashlib import sha256

TOLERANCE = 300  # seconds between signing and checking


def sign(key: str, call_id: str, timestamp: int, body: bytes) -> str:
    """The value of the `webhook-signature` header."""
    digest = hmac.new(key.encode(), f"{call_id}.{timestamp}.".encode() + body, sha256).digest()
    return f"v1,{b64encode(digest).decode()}"


def is_authentic(key: str, call_id: str, timestamp: int, body: bytes, signature: str, *, now: int) -> bool:
    """Whether the signature is ours and fresh: what a subscriber should ask."""
    expected = sign(key, call_id, timestamp, body)
    return abs(now - timestamp) <= TOLERANCE and hmac.compare_digest(expected.encode(), signature.encode())
