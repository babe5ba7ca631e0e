"""The site: Django's admin with our own AdminSite as the default one."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class SiteConfig(AdminConfig):
    default_site = "opsconsole.console.site.OpsAdminSite"


class ProjectConfig(AppConfig):
    name = "opsconsole.config"
    label = "ops_config"

    def ready(self) -> None:
        from opsconsole.config import celery  # noqa: F401 - makes it Celery's current app
