"""The endpoints of the academic system."""

from django.urls import path

from opsconsole.examples.academics.api import views

app_name = "academics"
urlpatterns = [
    path("institutions", views.institutions, name="institutions"),
    path("activities", views.activities, name="activities"),
]
