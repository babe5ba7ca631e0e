"""Settings of a benchmark: the project's, with the measured tables and the rivals' apps."""

import os
from importlib.util import find_spec

from opsconsole.config.settings import *  # noqa: F403
from opsconsole.config.settings import INSTALLED_APPS, LOGGING

DJANGO_HAS_TASKS = find_spec("django.tasks") is not None
HAS_TASKS_DB = DJANGO_HAS_TASKS or find_spec("django_tasks") is not None  # its backport to Django 5

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "tests.benchmarks",
    "procrastinate.contrib.django",
    *(["django_tasks_db"] if HAS_TASKS_DB else []),
    *(["django_tasks"] if HAS_TASKS_DB and not DJANGO_HAS_TASKS else []),
]
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}} if HAS_TASKS_DB else {}

OPSCONSOLE = {"wake_up": os.environ.get("BENCH_WAKE_UP", "after_commit")}
LOGGING = {**LOGGING, "root": {**LOGGING["root"], "level": "WARNING"}}  # the rivals write a line a job
