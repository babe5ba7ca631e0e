"""The lending back office as a Django app."""

from django.apps import AppConfig


class LendingConfig(AppConfig):
    name = "opsconsole.examples.lending"
    label = "lending"
    verbose_name = "Lending"
    default_auto_field = "django.db.models.BigAutoField"
