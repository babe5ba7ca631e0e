"""The academic system as a Django app."""

from django.apps import AppConfig


class AcademicsConfig(AppConfig):
    name = "opsconsole.examples.academics"
    label = "academics"
    verbose_name = "Academics"
    default_auto_field = "django.db.models.BigAutoField"
