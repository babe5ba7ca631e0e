"""The ASGI application that the web server runs."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsconsole.config.settings")
# Each request has a thread of its own here, and would have a connection of its own, made for it alone
os.environ.setdefault("OPSCONSOLE_POOL", "20")
application = get_asgi_application()
