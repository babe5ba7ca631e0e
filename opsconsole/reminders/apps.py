"""Reminders as a Django app."""

from django.apps import AppConfig

MEND_EVERY = 10.0  # seconds


class RemindersConfig(AppConfig):
    name = "opsconsole.reminders"
    label = "ops_reminders"
    verbose_name = "Reminders"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from opsconsole.engine import extending
        from opsconsole.reminders import checks, keeping

        checks.register()
        extending.perform_regularly("reminders nobody calls", MEND_EVERY, keeping.end_abandoned)
