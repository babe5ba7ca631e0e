"""The API as a Django app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ApiConfig(AppConfig):
    name = "opsconsole.api"
    label = "ops_api"
    verbose_name = "API"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from opsconsole.api import checks, keeping
        from opsconsole.engine import extending

        autodiscover_modules("jobs")
        checks.register()
        extending.perform_regularly("old answers of the API", 3600.0, keeping.drop_old_answers)
