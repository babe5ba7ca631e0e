"""The engine as a Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class EngineConfig(AppConfig):
    name = "opsconsole.engine"
    label = "ops_engine"
    verbose_name = "Engine"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from opsconsole.engine import checks, registry, rollups, sequencing

        registry.discover()
        checks.register()
        for module in (sequencing, rollups):
            post_migrate.connect(module.begin, sender=self, dispatch_uid=module.__name__)
