"""What the academic system does, one module a flow."""

from opsconsole.examples.academics.handlers import activities, letters, notes, seeding, webhooks

__all__ = ["activities", "letters", "notes", "seeding", "webhooks"]
