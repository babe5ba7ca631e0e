"""Two failures are the same fault when class, words and place agree."""

import pytest

from opsconsole.kernel.fingerprints import fingerprint, normalise


def caught(raise_it) -> Exception:
    try:
        raise_it()
    except Exception as error:
        return error
    raise AssertionError


def here(message: str) -> None:
    raise ValueError(message)


def there(message: str) -> None:
    raise ValueError(message)


def print_of(error: Exception) -> str:
    return fingerprint(type(error).__name__, str(error), error.__traceback__)


@pytest.mark.parametrize(
    "message",
    [
        "student 12 of class 7",
        "student 99 of class 1",
        "student 0x1f of class 3",
    ],
)
def test_numbers_do_not_matter(message: str):
    assert normalise(message) == "student … of class …"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("no row 'ana' in \"students\"", "no row … in …"),
        ("ana@example.org bounced", "… bounced"),
        ("no 01890a5d-ac96-774b-bcce-b302099a8057 here", "no … here"),
        ("first line\nsecond line", "first line"),
    ],
)
def test_what_varies_is_blanked_out(message: str, words: str):
    assert normalise(message) == words


def test_the_same_fault_has_one_fingerprint():
    assert print_of(caught(_about_one)) == print_of(caught(_about_one))
    assert print_of(_error("row 1")) == print_of(_error("row 2"))


def _about_one() -> None:
    here("row 1")


def _error(message: str) -> Exception:
    return caught(lambda: here(message))


def test_another_class_place_or_message_is_another_fault():
    error = caught(_about_one)
    prints = {
        print_of(error),
        fingerprint("KeyError", "row 1", error.__traceback__),
        fingerprint("ValueError", "another message", error.__traceback__),
        fingerprint("ValueError", "row 1", None),
        print_of(caught(lambda: there("row 1"))),
    }
    assert len(prints) == 5


def test_odd_characters_are_no_obstacle():
    assert len(fingerprint("E", "\ud800\x00", None)) == 16


def test_very_long_messages_are_cut():
    assert len(normalise("x" * 10_000)) == 300
