"""The site's addresses: everything but the API and the pages of examples is the admin."""

from django.contrib import admin
from django.urls import include, path, reverse_lazy
from django.views.generic import RedirectView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/academics/", include("opsconsole.examples.academics.urls")),
    path("voiding/", include("opsconsole.examples.billing.urls")),
    path("", include("opsconsole.api.urls")),
    path("", RedirectView.as_view(url=reverse_lazy("admin:index"))),
]
