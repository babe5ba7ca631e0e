"""What a person tells a process: that its failure was seen, or to ask again when an answer was lost."""

from dataclasses import replace

from opsconsole.engine import Work, handles, send
from opsconsole.examples.billing.commands import AcknowledgeProcessFailure, AskAgain
from opsconsole.examples.billing.processes import FAILURE_ACKNOWLEDGED, DocumentVoiding
from opsconsole.kernel.tracing import acting_for, current
from opsconsole.streams import move_process


@handles(AcknowledgeProcessFailure)
def acknowledge_process_failure(command: AcknowledgeProcessFailure, work: Work) -> None:
    """Twice is no failure, any other state is: the process has nothing to acknowledge there."""

    def acknowledge(process: DocumentVoiding) -> DocumentVoiding | None:
        return None if process.status == FAILURE_ACKNOWLEDGED else process.to(FAILURE_ACKNOWLEDGED)

    move_process(DocumentVoiding, command.process_id, acknowledge, name=command.__contract__.name)


@handles(AskAgain)
def ask_again(command: AskAgain, work: Work) -> None:
    """In the flow of the process, which is locked and stays where it is. Whoever is asked a second time answers as
    before; should the first answer come after all, the second one is refused and kept with the process."""
    stays = move_process(DocumentVoiding, command.process_id, lambda process: None, name=command.__contract__.name)
    with acting_for(replace(current(), correlation_id=command.process_id)):
        for due in stays.next_commands():
            send(due)
