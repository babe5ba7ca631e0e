"""Billing and its reports as a Django app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "opsconsole.examples.billing"
    label = "billing"
    verbose_name = "Billing"
    default_auto_field = "django.db.models.BigAutoField"
