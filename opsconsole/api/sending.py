"""What jobs, commands and events have in common on their way in."""

import json
from typing import Any, TypeVar

from django.apps import apps
from pydantic import ValidationError

from opsconsole.api.callers import Caller
from opsconsole.api.problems import Problem, refuse_too_many_errors, wrong_fields
from opsconsole.engine import Command, NoRetry
from opsconsole.engine.messages import Message
from opsconsole.engine.registry import queues
from opsconsole.kernel.registry import Registry

M = TypeVar("M", bound=Message)


def type_for(caller: Caller, known: Registry[type[M]], name: str) -> type[M]:
    """The type of that name, if the caller may send it; raises Problem: 403, 422."""
    message = known.find(name)
    if message is None:
        raise Problem.of_field("body.type", f"{name!r} is no {known.kind} here")
    if message.__contract__.internal:
        raise Problem.of_field("body.type", f"{name!r} is sent by the system itself, and by nobody outside")
    refuse_what_heeds_no_tenant(caller, message, name)
    return message


def refuse_what_heeds_no_tenant(caller: Caller, message: type[Message], name: str) -> None:
    """Whoever acts for one tenant sends only what keeps within it: a payload may name anybody's things. Raises
    Problem."""
    if caller.tenant and not message.__contract__.heeds_tenant:
        detail = f"{name!r} may touch what is not of {caller.tenant}: this takes a token for all tenants."
        raise Problem(403, detail, type="not-for-one-tenant", errors=[{"field": "body.type", "detail": detail}])


def refuse_unknown_queue(name: str) -> None:
    """No worker serves a queue that no code names: what is sent there would wait for ever. Raises Problem."""
    if name not in queues():
        raise Problem.of_field("body.queue", f"{name!r} is no queue here; known: {', '.join(queues())}")


def refuse_further_tries(message: type[Command], name: str, field: str, further: int) -> None:
    """A type that is never tried again may not bear it, and says nothing of the wait between tries. Raises Problem."""
    if further and isinstance(message.__contract__.retry, NoRetry):
        raise Problem.of_field(f"body.{field}", f"{name} is never tried again")


def refuse_events_of_streams(name: str) -> None:
    """What aggregates are made of is appended to their streams by them alone: beside a stream it would move readers of
    the log, and no aggregate. Raises Problem."""
    if not apps.is_installed("opsconsole.streams"):
        return
    from opsconsole.streams.aggregates import AGGREGATES

    if owner := next((one for _, one in AGGREGATES if name in one.__aggregate__.appliers), None):
        raise Problem.of_field("body.type", f"{name!r} belongs to the streams of {owner.__name__}, which appends it")


def validated(message: type[M], payload: dict[str, Any], field: str) -> M:
    """The message that the payload is, as its type says; raises Problem: 422 with each field below `field`."""
    try:
        return message.model_validate_json(json.dumps(payload))
    except ValidationError as error:
        refuse_too_many_errors(error, f"body.{field}")
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise Problem.of_fields(wrong_fields(found, "body", field)) from None
