"""Is it well? For load balancers, orchestrators and people."""

import threading
import time
from datetime import datetime
from typing import Any

from celery import current_app
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest
from ninja import Status
from pydantic import BaseModel, Field

from opsconsole.api.beforehand import give_back
from opsconsole.api.configuration import configuration
from opsconsole.api.mishaps import had_no_connection
from opsconsole.api.mounting import Mount, Router
from opsconsole.api.needing import needs
from opsconsole.engine.configuration import configuration as engine
from opsconsole.engine.queries import capacity, details
from opsconsole.kernel import clock

WELL, ILL = "Healthy", "Unhealthy"
BROKER_SECONDS = 2.0
KEPT_SECONDS = 1.0
_once_well: set[str] = set()
_looking = threading.Lock()

router = Router()


class Health(BaseModel):
    """`status` is Healthy or Unhealthy."""

    status: str = Field(examples=[WELL])
    system: str = Field(examples=["opsconsole"])
    timestamp: datetime


class Check(BaseModel):
    name: str = Field(examples=["dispatcher"])
    ok: bool
    detail: str = ""


class Readiness(Health):
    """With what was looked at."""

    checks: list[Check]


_latest: tuple[float, Readiness] | None = None


@router.get("/health", response={200: Health, 503: Health}, auth=None)
@needs(is_public=True)
def show(request: HttpRequest) -> Any:
    """Whether it serves: it runs, and the database answers."""
    return _told(database())


@router.get("/health/live", response=Health, auth=None)
@needs(is_public=True)
def live(request: HttpRequest) -> Any:
    """Whether this process runs at all."""
    return Health(**_head(is_well=True))


@router.get("/health/ready", response={200: Readiness, 503: Readiness}, auth=None)
@needs(is_public=True)
def ready(request: HttpRequest) -> Any:
    """Whether what it is asked to do will be done: database, migrations, broker, dispatcher, workers."""
    found = looked()
    return Status(200 if found.status == WELL else 503, found)


def looked() -> Readiness:
    """Looked at now, or within the last second: anybody may ask, and each look makes a connection to the broker. Those
    who ask meanwhile wait for the same look."""
    global _latest
    with _looking:
        if _latest is None or time.monotonic() - _latest[0] >= KEPT_SECONDS:
            readiness = look()
            _latest = (time.monotonic(), readiness)
        return _latest[1]


def look() -> Readiness:
    found = [database()]
    if found[0].ok:
        found += [migrations(), dispatcher(), workers()]
        give_back()  # the broker may let us wait
        found.append(broker())
    return Readiness(**_head(all(check.ok for check in found)), checks=found)


def database() -> Check:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return Check(name="database", ok=True)
    except (DatabaseError, InterfaceError) as error:
        connection.close()
        detail = "no connection to it could be had" if had_no_connection(error) else "it does not answer"
        return Check(name="database", ok=False, detail=detail)


def migrations() -> Check:
    missing = _missing_migrations()
    return Check(name="migrations", ok=not missing, detail=f"{missing} are missing" if missing else "")


def broker() -> Check:
    try:
        with current_app.connection_for_read(connect_timeout=BROKER_SECONDS) as link:
            link.ensure_connection(max_retries=1, timeout=BROKER_SECONDS, interval_start=0, interval_step=0)
        return Check(name="broker", ok=True)
    except Exception:  # whatever kombu, its transport or the network raise: it is not there
        return Check(name="broker", ok=False, detail="it does not answer")


def dispatcher() -> Check:
    seen = capacity.dispatchers()
    if not seen:
        return Check(name="dispatcher", ok=False, detail=f"none was seen within {engine().runner_seen:g} s")
    return Check(name="dispatcher", ok=any(one.is_active for one in seen), detail="")


def workers() -> Check:
    alive = details.workers_alive(engine().runner_seen)
    return Check(name="workers", ok=alive > 0, detail="" if alive else "none is alive")


def _told(check: Check) -> Status[Health]:
    return Status(200 if check.ok else 503, Health(**_head(check.ok)))


def _head(is_well: bool) -> dict[str, Any]:
    return {"status": WELL if is_well else ILL, "system": configuration().system, "timestamp": clock.now()}


def _missing_migrations() -> int:
    """Looked for until there are none: what this code needs is there then, and stays."""
    if "migrations" not in _once_well:
        executor = MigrationExecutor(connection)
        if missing := len(executor.migration_plan(executor.loader.graph.leaf_nodes())):
            return missing
        _once_well.add("migrations")
    return 0


MOUNTS = [Mount("", router, "Health")]
