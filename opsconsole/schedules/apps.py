"""Schedules as a Django app."""

from django.apps import AppConfig

LOOK_EVERY = 0.5  # seconds: how late a run may begin on an idle system


class SchedulesConfig(AppConfig):
    name = "opsconsole.schedules"
    label = "ops_schedules"
    verbose_name = "Schedules"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from opsconsole.engine import extending
        from opsconsole.schedules import checks, declaring, firing, keeping

        declaring.discover()
        checks.register()
        extending.perform_regularly("schedules", LOOK_EVERY, firing.look)
        extending.perform_regularly("old runs of schedules", 3600.0, keeping.drop_old_runs)
        extending.run_in_tests(firing.advance)
