"""The academic system as real processes on the suite's own servers: dispatcher, worker and mail server."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.apps import apps
from django.db import connection
from psycopg.conninfo import make_conninfo

from opsconsole.embedded.ports import LOOPBACK, free_port
from tests.chaos.site import Process, eventually

PROGRAMS = (["smtp_sink"], ["dispatcher"], ["worker", "-c", "2"])


@contextmanager
def academy(logs: Path) -> Iterator[None]:
    """Run the processes on this test's database; afterwards nothing academic is left in it."""
    port = free_port()
    environment = {
        "DATABASE_URL": _database_url(),
        "REDIS_URL": os.environ["REDIS_URL"],
        "DJANGO_SETTINGS_MODULE": "tests.journeys.academics_settings",
        "OPSCONSOLE_TEST_ENGINE": json.dumps({"wake_up": "after_commit", "chunk_seconds": 0.5}),
        "OPSCONSOLE_SMTP_PORT": str(port),
    }
    processes = [Process(words[0], *words, log=logs / f"{words[0]}.log", environment=environment) for words in PROGRAMS]
    try:
        for process in processes:
            process.launch()
        eventually(lambda: _listens(port), "the mail server's opening")
        yield
    finally:
        for process in processes:
            process.kill()
        _empty_the_academy()


def _database_url() -> str:
    given = connection.settings_dict
    return make_conninfo("", dbname=given["NAME"], user=given["USER"], host=given["HOST"], port=given["PORT"] or None)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _empty_the_academy() -> None:
    tables = [model._meta.db_table for model in apps.get_app_config("academics").get_models()]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
