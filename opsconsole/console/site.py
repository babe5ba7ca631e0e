"""The admin site whose front page is the dashboard and whose engine section is the console."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver


class OpsAdminSite(admin.AdminSite):
    """Django's admin with the console in it: `default_site` of the project's AdminConfig."""

    site_title = "Operations"
    site_header = "Operations"
    index_title = "Overview"
    site_url = None
    enable_nav_sidebar = False  # the rail takes its place

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from opsconsole.console.urls import console_urls

        return [*console_urls(self), *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        from opsconsole.console.dashboard.view import overview

        return overview(request, self)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        from opsconsole.console import navigation

        context: dict[str, Any] = super().each_context(request)
        if context["has_permission"]:
            context["ops_places"] = navigation.places(request)
            context["ops_sections"] = navigation.sections(request, context["available_apps"])
        return context

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        from opsconsole.console.navigation import engine_app

        apps: list[dict[str, Any]] = super().get_app_list(request, app_label)
        engine = engine_app(request) if app_label in (None, "ops_engine") else None
        return [engine, *apps] if engine else apps
