"""The lifecycle of a subscription. Those of processes are declared by the processes themselves."""

from opsconsole.kernel.lifecycle import Lifecycle

RUNNING, PAUSED, STOPPED = "running", "paused", "stopped"

SUBSCRIPTION = Lifecycle(
    {
        RUNNING: {PAUSED, STOPPED},
        PAUSED: {RUNNING},
        STOPPED: {RUNNING, PAUSED},  # an operator retries or skips the event that it stopped at
    }
)

KINDS = ("subscription", "projection", "process")
