"""The states of a reminder, and of its delivery."""

from opsconsole.kernel.lifecycle import Lifecycle

ACTIVE, COMPLETED, FAILED, CANCELLED = "Active", "Completed", "Failed", "Cancelled"
REMINDER = Lifecycle({ACTIVE: {COMPLETED, FAILED, CANCELLED}, COMPLETED: set(), FAILED: set(), CANCELLED: set()})
