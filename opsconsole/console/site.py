"""The admin site whose front page is the dashboard and whose engine section is the console."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver


class OpsAdminSite(admin.AdminSite):
    site_title = "Operations"
    site_header = "Operations"
    index_title = "Overview"
    site_url = None
    enable_nav_sidebar = False  # the rail takes its place

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from opsconsole.console.urls import console_urls

        return [*console_urls(self), *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().index(request, extra_context)
