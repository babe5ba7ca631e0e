"""The API's addresses: `path("", include("opsconsole.api.urls"))`, before whatever else takes the root."""

from opsconsole.api.site import NAMESPACE, api

app_name = NAMESPACE
urlpatterns = api().urls[0]
