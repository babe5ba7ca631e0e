"""Why something cannot be done to a reminder."""


class Refused(ValueError):
    """It could not be done; the text says why, and `field` names what was given wrongly, if anything was."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


class BadTime(Refused):
    """No reminder can be set to this time."""


class BadAddress(Refused):
    """No reminder may call this address."""


class NotActive(Refused):
    """It has ended: completed, failed or cancelled."""


class NoSuchReminder(LookupError):
    """There is no reminder with this identifier."""
