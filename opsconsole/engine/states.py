"""Every lifecycle of the engine, one table each."""

from opsconsole.kernel.lifecycle import Lifecycle

AWAITING, PENDING, PROCESSING = "awaiting", "pending", "processing"
SUCCESS, ERROR, CANCELLED = "success", "error", "cancelled"
UNFINISHED = (AWAITING, PENDING, PROCESSING)

EVENT = Lifecycle(
    {
        PENDING: {PROCESSING, SUCCESS},  # success at once: nobody reacts to it
        PROCESSING: {SUCCESS, ERROR, PENDING},  # pending again: its worker was lost
        SUCCESS: set(),
        ERROR: {PENDING},  # an operator has its reactions run again
    }
)

COMMAND = Lifecycle(
    {
        AWAITING: {PENDING, CANCELLED},
        PENDING: {PROCESSING, CANCELLED},
        PROCESSING: {
            SUCCESS,
            ERROR,
            PENDING,
            CANCELLED,
        },  # pending again: a retry or snooze is due, or its worker was lost
        SUCCESS: set(),
        ERROR: set(),  # history stays: a reprocessing is a new command
        CANCELLED: set(),
    }
)

BATCH = Lifecycle(
    {
        AWAITING: {PENDING, SUCCESS, CANCELLED},  # success at once: it has no members
        PENDING: {PROCESSING, SUCCESS, ERROR, CANCELLED},
        PROCESSING: {SUCCESS, ERROR, CANCELLED},
        SUCCESS: set(),
        ERROR: {SUCCESS, CANCELLED},  # healed: every failed member was reprocessed with success
        CANCELLED: {SUCCESS},
    }
)

WORKFLOW = Lifecycle(
    {
        PROCESSING: {SUCCESS, ERROR, CANCELLED},
        SUCCESS: set(),
        ERROR: {SUCCESS, PROCESSING, CANCELLED},
        CANCELLED: {SUCCESS, PROCESSING, ERROR},
    }
)

STEP = Lifecycle(
    {
        AWAITING: {PENDING, CANCELLED},
        PENDING: {SUCCESS, ERROR, CANCELLED},
        SUCCESS: set(),
        ERROR: {SUCCESS, CANCELLED},
        CANCELLED: {SUCCESS},
    }
)

# Why a row exists. "batch": the next command of a settled batch; a member of a batch has the batch's cause
# and its batch_id; "reprocess": a new try of a failed command, cause_id names the root.
CAUSES = ("", "event", "command", "batch", "reprocess", "workflow", "user", "api", "schedule", "process")

# When an awaiting next command of a batch is let go.
RELEASES = ("success", "failure", "completion")
