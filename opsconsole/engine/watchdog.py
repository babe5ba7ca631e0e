"""The end of a worker process that would never be free again."""

import logging
import os
import signal
import sys
import traceback
from uuid import UUID

logger = logging.getLogger(__name__)


def end_this_process(claim_id: UUID) -> None:
    """Say where every thread stands, and die at once: a handler that hangs answers to nothing gentler."""
    stacks = "\n".join("".join(traceback.format_stack(frame)) for frame in sys._current_frames().values())
    logger.critical(
        "a handler hangs, claim %s was given to others; this process ends\n%s",
        claim_id,
        stacks,
        extra={"action": "worker.hung"},
    )
    os.kill(os.getpid(), signal.SIGKILL)
