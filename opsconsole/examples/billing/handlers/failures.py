"""A person has seen that a document could not be voided."""

from opsconsole.engine import Work, handles
from opsconsole.examples.billing.commands import AcknowledgeProcessFailure
from opsconsole.examples.billing.processes import FAILURE_ACKNOWLEDGED, DocumentVoiding
from opsconsole.streams import move_process


@handles(AcknowledgeProcessFailure)
def acknowledge_process_failure(command: AcknowledgeProcessFailure, work: Work) -> None:
    """Twice is no failure, any other state is: the process has nothing to acknowledge there."""

    def acknowledge(process: DocumentVoiding) -> DocumentVoiding | None:
        return None if process.status == FAILURE_ACKNOWLEDGED else process.to(FAILURE_ACKNOWLEDGED)

    move_process(DocumentVoiding, command.process_id, acknowledge, name=command.__contract__.name)
