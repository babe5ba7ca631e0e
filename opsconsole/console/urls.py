"""Where the console's pages live, below the admin's own root."""

from typing import TYPE_CHECKING

from django.urls import URLPattern

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite


def console_urls(site: "OpsAdminSite") -> list[URLPattern]:
    return []
