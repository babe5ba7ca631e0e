"""The engine as a Django app."""

from django.apps import AppConfig


class EngineConfig(AppConfig):
    name = "opsconsole.engine"
    label = "ops_engine"
    verbose_name = "Engine"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from opsconsole.engine import checks, registry

        registry.discover()
        checks.register()
