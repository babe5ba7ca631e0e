"""What a request that cannot be answered is told."""

import logging

import ninja.errors
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from psycopg_pool import PoolTimeout, TooManyRequests

from opsconsole.api.problems import Problem, respond, wrong_fields
from opsconsole.api.requests import logged_path
from opsconsole.engine.faults import is_conflict
from opsconsole.kernel.encoding import PayloadTooLarge, UnstorablePayload

logger = logging.getLogger(__name__)

SOON = {"Retry-After": "1"}


def answer_to(request: HttpRequest, error: Exception) -> HttpResponse:
    """The problem that an exception means; what is our fault is logged with the request's id."""
    problem = problem_of(error)
    if problem.status >= 500:
        logger.error(
            "request %s failed: %s %s", getattr(request, "request_id", ""), request.method, logged_path(request),
            exc_info=error, extra={"action": "api.failed"},
        )  # fmt: skip
    return respond(request, problem)


def problem_of(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case ninja.errors.ValidationError():
            return Problem.of_fields(_placed(error))
        case ninja.errors.HttpError():
            return Problem(error.status_code, str(error))
        case Http404():
            return Problem(404, "There is nothing at this address.")
        case PermissionDenied():
            return Problem(403, str(error) or "This is not permitted.")
        case RequestDataTooBig():
            return Problem(413, str(error))
        case SuspiciousOperation():
            return Problem(400, str(error) or "This request makes no sense.")
        case PayloadTooLarge():
            return Problem(413, str(error))
        case UnstorablePayload():
            return Problem(422, str(error))
        case DatabaseError() | InterfaceError():
            return _of_the_database(error)
    return Problem(500, "Something went wrong here. It was logged with the id of this request.")


def _placed(error: ninja.errors.ValidationError) -> list[dict[str, str]]:
    """Without the name that the operation has for the whole body, which no caller knows."""
    found = [
        {**one, "loc": one["loc"][:1] + one["loc"][2:] if one["loc"][0] == "body" else one["loc"]}
        for one in error.errors
    ]
    return wrong_fields(found)


def had_no_connection(error: BaseException) -> bool:
    """Whether the pool of connections had none to give. That the database is away looks the same from there."""
    return isinstance(error.__cause__, PoolTimeout | TooManyRequests)


def _of_the_database(error: DatabaseError | InterfaceError) -> Problem:
    if had_no_connection(error):
        detail = "No connection to the database could be had: all are in use, or it is away. Try again."
        return Problem(503, detail, type="busy", headers=SOON)
    if is_conflict(error):
        return Problem(503, "Another request is at the same thing. Try again.", type="busy", headers=SOON)
    if isinstance(error, OperationalError | InterfaceError):
        return Problem(503, "The database does not answer. Try again.", type="database-away", headers=SOON)
    return Problem(500, "Something went wrong here. It was logged with the id of this request.")
