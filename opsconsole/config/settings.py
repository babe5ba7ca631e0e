"""Settings of the runnable project; what a host project needs is in docs/how-to/add-to-your-project.md."""

import os
import secrets
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parents[2]
DEMO = os.environ.get("OPSCONSOLE_DEMO") == "1"

SECRET_KEY = os.environ.get("OPSCONSOLE_SECRET_KEY") or secrets.token_urlsafe(50)
DEBUG = os.environ.get("OPSCONSOLE_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get("OPSCONSOLE_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")

INSTALLED_APPS = [
    "opsconsole.reminders",
    "opsconsole.schedules",
    "opsconsole.api",
    "opsconsole.console",
    "opsconsole.streams",
    "opsconsole.engine",
    "opsconsole.examples.academics",
    "opsconsole.examples.billing",
    "opsconsole.examples.lending",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_htmx",
    "ninja",
    "opsconsole.config.apps.SiteConfig",
    "opsconsole.config.apps.ProjectConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "opsconsole.console.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "opsconsole.console.middleware.ActingUser",
]

ROOT_URLCONF = "opsconsole.config.urls"
ASGI_APPLICATION = "opsconsole.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


POOL_SECONDS = 3.0  # a request waits so long for a connection; by itself the pool lets it wait for 30


def _database() -> dict[str, object]:
    url = os.environ.get("DATABASE_URL", "postgresql:///opsconsole")
    parts: dict[str, object] = dict(conninfo_to_dict(url))
    if pool := int(os.environ.get("OPSCONSOLE_POOL", "0")):
        parts["pool"] = {"min_size": min(2, pool), "max_size": pool, "timeout": POOL_SECONDS}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "opsconsole"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "CONN_MAX_AGE": 0 if pool else 60,
        "CONN_HEALTH_CHECKS": bool(pool),
        "OPTIONS": parts,
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"] if (BASE_DIR / "static").is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = os.environ.get("OPSCONSOLE_SMTP_HOST", "127.0.0.1")
EMAIL_PORT = int(os.environ.get("OPSCONSOLE_SMTP_PORT", "25"))
EMAIL_TIMEOUT = 10

BROKER_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

OPSCONSOLE: dict[str, object] = {}
OPSCONSOLE_API: dict[str, object] = {"open_on_loopback": DEMO}

OPSCONSOLE_REMINDERS: dict[str, object] = {"allow_loopback": DEMO}  # the demonstration calls itself

BILLING = {"slow_down": 2.0 if os.environ.get("SLOW_DOWN") == "1" else 0.0}  # seconds for each step of a voiding

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {  # two lines a hint say nothing about the work
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": os.environ.get("OPSCONSOLE_LOG_LEVEL", "INFO")},
}
