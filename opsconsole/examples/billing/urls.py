"""The pages of voidings, and what can be asked for there."""

from django.urls import path

from opsconsole.examples.billing.voiding import views

app_name = "voiding"
urlpatterns = [
    path("", views.show, name="page"),
    path("reports/<uuid:report_id>/", views.show_report, name="report"),
    path("documents/<uuid:document_id>/void/", views.void, name="void"),
    path("reports/<uuid:report_id>/publish/", views.publish, name="publish"),
    path("processes/<uuid:process_id>/acknowledge/", views.acknowledge, name="acknowledge"),
]
