"""The lifecycle of a run."""

from opsconsole.kernel.lifecycle import Lifecycle

PENDING = "pending"  # its command has not ended; pending or processing by now
FAILED = ("error", "cancelled")

RUN = Lifecycle(
    {
        PENDING: {"success", "error", "cancelled"},
        "success": set(),
        "error": {"healed", "skipped"},  # its command was reprocessed with success; an operator gave it up
        "cancelled": {"healed", "skipped"},
        "healed": set(),
        "skipped": set(),
    }
)
