"""What jobs, commands and events have in common on their way in."""

import json
from typing import Any, TypeVar

from django.apps import apps
from pydantic import ValidationError

from opsconsole.api.problems import Problem, wrong_fields
from opsconsole.engine.messages import Message
from opsconsole.engine.registry import queues

M = TypeVar("M", bound=Message)


def refuse_unknown_queue(name: str) -> None:
    """No worker serves a queue that no code names: what is sent there would wait for ever. Raises Problem."""
    if name not in queues():
        raise Problem.of_field("body.queue", f"{name!r} is no queue here; known: {', '.join(queues())}")


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
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise Problem.of_fields(wrong_fields(found, "body", field)) from None
