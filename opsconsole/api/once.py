"""Every POST happens once a key: its effect and its answer are committed together.

An answer that refuses is not kept: nothing was done, so the key is free for the request put right.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from opsconsole.api.beforehand import Look, give_back
from opsconsole.api.configuration import configuration
from opsconsole.api.models import IdempotentAnswer
from opsconsole.api.problems import Problem
from opsconsole.api.requests import ApiRequest
from opsconsole.api.sql import statement
from opsconsole.engine.patience import bound
from opsconsole.engine.queries.present import database_now
from opsconsole.kernel import clock

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
LONGEST = 200  # characters of a key
KEY = re.compile(rf"[!-~]{{1,{LONGEST}}}")
KEPT_HEADERS = ("Content-Type", "Location")

Run = Callable[[], HttpResponseBase]


def answer(request: ApiRequest, run: Run, *, look: Look | None = None) -> HttpResponseBase:
    """The answer to a POST: run now, or kept from when it was run. Raises Problem: 400, 409.

    `look` is what is to be done before it is run, and outside its transaction.
    """
    key = request.headers.get(HEADER)
    if key is None:
        _look(request, look)
        with _patiently():
            return _run(run)
    if not KEY.fullmatch(key):
        raise Problem(400, f"{HEADER} should be 1 to {LONGEST} characters of ASCII without spaces.")
    return _once(request, key, run, look)


def fingerprint_of(value: Any) -> str:
    """The same for JSON that says the same, however it is written."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _once(request: ApiRequest, key: str, run: Run, look: Look | None) -> HttpResponseBase:
    place = _place(request.path)
    parsed = request.json_body is not None
    said = request.json_body if parsed else hashlib.sha256(request.body).hexdigest()
    fingerprint = fingerprint_of([request.path, request.META.get("QUERY_STRING", ""), parsed, said])
    asked = {"caller": request.caller.key, "place": place, "key": key}
    has_looked = look is None
    while True:
        if not has_looked and not _is_kept(asked):
            _look(request, look)
            has_looked = True
        with _patiently():
            taken = _take({**asked, "fingerprint": fingerprint})
            if taken is not None and has_looked:
                response = _run(run)
                if response.status_code < 400:
                    _keep(taken, response)
                return response
            transaction.set_rollback(True)  # what was taken without a look goes back: its answer has just grown too old
        if taken is None and (kept := IdempotentAnswer.objects.filter(**asked).first()):
            return _replayed(kept, fingerprint)  # else it was dropped in between for its age


@contextmanager
def _patiently() -> Iterator[None]:
    """A transaction that waits so long for each lock, and no longer: whoever asks for what somebody else keeps locked
    would hold a connection for as long as that takes."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            bound(cursor, configuration().patience)
        yield


def _look(request: ApiRequest, look: Look | None) -> None:
    if look is not None:
        give_back()
        look(request)


def _place(path: str) -> str:
    """A path that is too long for its column, by its digest: a name in it may have 200 characters."""
    return path if len(path) <= 200 else hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()


def _is_kept(asked: dict[str, Any]) -> bool:
    oldest = database_now() - timedelta(seconds=configuration().answers_kept)
    return IdempotentAnswer.objects.filter(**asked, created_at__gte=oldest).exists()


def _take(columns: dict[str, Any]) -> int | None:
    """Its id, or None when it is somebody else's."""
    with connection.cursor() as cursor:
        kept = configuration().answers_kept
        cursor.execute(statement("take_answer"), {**columns, "now": clock.frozen(), "kept": kept})
        row = cursor.fetchone()
    return int(row[0]) if row else None


def _run(run: Run) -> HttpResponseBase:
    """Inside the transaction, which goes with whatever the operation has done if it was refused."""
    response = run()
    if response.status_code >= 400:
        transaction.set_rollback(True)
    return response


def _keep(identifier: int, response: HttpResponseBase) -> None:
    body = response.content.decode() if isinstance(response, HttpResponse) else ""
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    kept = IdempotentAnswer.objects.filter(pk=identifier)
    kept.update(status=response.status_code, headers=headers, body=body)


def _replayed(kept: IdempotentAnswer, fingerprint: str) -> HttpResponse:
    if kept.fingerprint != fingerprint:
        detail = f"This {HEADER} was sent with another request. Take a new one for each thing that is to be done."
        raise Problem(409, detail, type="key-of-another-request")
    headers = {**kept.headers, REPLAYED: "true"}
    return HttpResponse(kept.body, status=kept.status, headers=headers)
