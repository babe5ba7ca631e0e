"""How a mail server says no."""


class MailRefused(Exception):
    """The server refused a message; the text is its own, behind the code."""

    def __init__(self, code: int, reply: str) -> None:
        super().__init__(f"{code} {reply}".strip())
        self.code = code


class TemporaryRefusal(MailRefused):
    """4xx: worth another try."""


class PermanentRefusal(MailRefused):
    """5xx: it will refuse again."""
