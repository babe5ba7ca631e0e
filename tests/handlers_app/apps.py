"""The tests' app; its tables are made by syncdb, so it has no migrations."""

from django.apps import AppConfig


class HandlersAppConfig(AppConfig):
    name = "tests.handlers_app"
    label = "handlers_app"
    default_auto_field = "django.db.models.BigAutoField"
