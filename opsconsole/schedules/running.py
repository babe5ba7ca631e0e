"""What carries a run out: a command of the type that has the schedule's name, handled by its function."""

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from types import new_class
from typing import Any
from uuid import UUID

from django.db import connection

from opsconsole.engine import Command, Work, handles
from opsconsole.engine.outcomes import Outcome
from opsconsole.schedules.rules import Rule, Slot

Function = Callable[[Slot, Work], Command | Outcome | None]


class CarryOut(Command):
    """Base of the commands that schedules send: the run, and the slot that it is for."""

    run: UUID
    at: datetime
    on: date
    is_manual: bool = False


def message_for(name: str, function: Function, rule: Rule, **options: Any) -> type[CarryOut]:
    """A command type called `name` whose handler calls the function; raises DuplicateName."""

    def describe(namespace: dict[str, Any]) -> None:
        namespace.update(__module__=function.__module__, __doc__=function.__doc__)

    message: type[CarryOut] = new_class(
        function.__name__, (CarryOut,), {"name": name, "internal": True, **options}, describe
    )

    @wraps(function)
    def carry_out(command: CarryOut, work: Work) -> Outcome | None:
        slot = Slot(command.at.astimezone(rule.place), command.on, command.is_manual)
        answer = function(slot, work)
        if not isinstance(answer, Command):
            return answer
        sent = work.send(answer)
        with connection.cursor() as cursor:  # models cannot be imported yet where apps import this package
            cursor.execute("UPDATE ops_schedules_run SET returned_id = %s WHERE id = %s", [sent.id, command.run])
        return None

    handles(message)(carry_out)
    return message
