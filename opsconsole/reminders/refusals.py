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
    """It does not wait for anything that could be changed: completed, failed, cancelled, or being called."""


class BeingCalled(NotActive):
    """It is due, and its first call is on the way: another one at the same time would be a second call."""


class NoSuchReminder(LookupError):
    """There is no reminder with this identifier."""


class Unreadable(Exception):
    """Its events cannot be read by this code, or some are gone; the text says why."""
