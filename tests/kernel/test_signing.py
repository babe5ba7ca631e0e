"""Signatures of calls."""

from opsconsole.kernel.signing import TOLERANCE, is_authentic, sign

KEY = "a-key-of-sixteen-or-more"


def test_a_signature_covers_id_time_and_body_and_grows_old() -> None:
    signature = sign(KEY, "id", 1000, b"body")
    assert is_authentic(KEY, "id", 1000, b"body", signature, now=1000 + TOLERANCE)
    for wrong in (
        is_authentic("other", "id", 1000, b"body", signature, now=1000),
        is_authentic(KEY, "di", 1000, b"body", signature, now=1000),
        is_authentic(KEY, "id", 1001, b"body", signature, now=1000),
        is_authentic(KEY, "id", 1000, b"ydob", signature, now=1000),
        is_authentic(KEY, "id", 1000, b"body", signature + "é", now=1000),
        is_authentic(KEY, "id", 1000, b"body", signature, now=1001 + TOLERANCE),
    ):
        assert not wrong
