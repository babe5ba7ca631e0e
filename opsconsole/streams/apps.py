"""Streams as a Django app."""

from django.apps import AppConfig


class StreamsConfig(AppConfig):
    name = "opsconsole.streams"
    label = "ops_streams"
    verbose_name = "Streams"
    default_auto_field = "django.db.models.BigAutoField"
