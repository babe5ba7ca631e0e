"""The console as a Django app."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "opsconsole.console"
    label = "ops_console"
    verbose_name = "Operations console"
