"""Rows that a caller sees."""

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model

from opsconsole.api.problems import Problem
from opsconsole.api.requests import ApiRequest
from opsconsole.engine.queries import details

M = TypeVar("M", bound=Model)


def found(request: ApiRequest, model: type[M], identifier: UUID) -> M:
    """Raises Problem: 404, also for what belongs to another tenant: that is not to be known either."""
    row: Any = details.find(model, identifier)
    if row is None or not request.caller.sees(row.tenant):
        raise Problem(404, f"There is no {model._meta.verbose_name} {identifier}.")
    return row  # type: ignore[no-any-return]
