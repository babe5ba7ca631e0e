"""Streams as a Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class StreamsConfig(AppConfig):
    name = "opsconsole.streams"
    label = "ops_streams"
    verbose_name = "Streams"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from opsconsole.engine import extending
        from opsconsole.streams import checks, duties, following
        from opsconsole.streams.channel import CHANNEL

        autodiscover_modules("subscriptions", "projectors", "processes")
        checks.register()
        extending.carry(CHANNEL, "opsconsole.follow")
        extending.after_sequencing(duties.tell)
        extending.perform_regularly("subscriptions", 30.0, duties.begin)
        extending.perform_regularly("follow", 1.0, duties.poll)
        extending.run_in_tests(following.follow_to_the_end)
        post_migrate.connect(duties.after_migrations, sender=self, dispatch_uid="opsconsole.streams")
