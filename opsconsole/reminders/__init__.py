"""Reminders: at the time asked for, an address is called, however often things crash meanwhile."""

from opsconsole.reminders.refusals import (
    BadAddress,
    BadTime,
    BeingCalled,
    NoSuchReminder,
    NotActive,
    Refused,
    Unreadable,
)
from opsconsole.reminders.timers import Timer

__all__ = ["BadAddress", "BadTime", "BeingCalled", "NoSuchReminder", "NotActive", "Refused", "Timer", "Unreadable"]
