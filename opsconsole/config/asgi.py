"""The ASGI application that the web server runs."""

import os

from opsconsole.config import serving

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsconsole.config.settings")
# Each request has a thread of its own here, and would have a connection of its own
os.environ.setdefault("OPSCONSOLE_POOL", "20")
django_application = serving.application()

from django.conf import settings  # noqa: E402 - what follows needs the apps, which are there now

from opsconsole.api.asgi import BoundedBodies  # noqa: E402

# Nothing here takes files: what Django would not read as a form is not wanted
application = BoundedBodies(django_application, elsewhere=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
