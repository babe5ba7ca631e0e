"""The four kinds of rows that have pages: their words, icons, permissions and addresses."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Model
from django.urls import reverse

from opsconsole.engine.models import Batch, Command, Event, Workflow


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` is also the word in `cause_kind` and the last part of the page's URL name."""

    name: str
    plural: str
    model: type[Model]
    explanation: str

    @property
    def view_permission(self) -> str:
        return f"ops_engine.view_{self.name}"

    @property
    def list_url(self) -> str:
        return reverse(f"admin:ops_{self.plural}")

    def url(self, identifier: UUID) -> str:
        """The page of one row."""
        return reverse(f"admin:ops_{self.name}", args=[identifier])


KINDS = {
    kind.name: kind
    for kind in (
        Kind("event", "events", Event, "Something that happened; its reactions enqueue commands."),
        Kind("command", "commands", Command, "Work that must happen, executed in one transaction."),
        Kind("batch", "batches", Batch, "Many commands with one end, and what follows it."),
        Kind("workflow", "workflows", Workflow, "Steps in an order, each released by those before it."),
    )
}
