"""The API's operations on the command line."""

import json
import os
import re
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from opsconsole.api.calling import Offered, call, operations

FIRST = (
    "id", "name", "type", "subject", "status", "state", "standing", "queue", "attempts", "behind", "nextAt",
    "createdAt",
)  # fmt: skip


class Command(BaseCommand):
    """Made from the API's document: what a program can ask for can be asked for here, and nothing else."""

    help = "Lists, shows and acts, as the API does: manage.py ops commands list --status error"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="the answer as the API gives it")
        parser.add_argument("--as", dest="user", default=os.environ.get("OPSCONSOLE_USER"), help="in whose name")
        groups = parser.add_subparsers(required=True, metavar="WHAT")
        known: dict[str, Any] = {}
        for operation in operations():
            if operation.group not in known:
                group = groups.add_parser(operation.group)
                known[operation.group] = group.add_subparsers(required=True, metavar="VERB")
            _add(known[operation.group].add_parser(operation.verb, help=operation.summary), operation)

    def handle(self, *args: Any, operation: Offered, **options: Any) -> None:
        given = {name.removeprefix("given_"): value for name, value in options.items() if name.startswith("given_")}
        try:
            status, answer = call(operation, given, _user(options["user"]))
        except json.JSONDecodeError as error:
            raise CommandError(f"This is not JSON: {error}") from None
        if status >= 400 and "detail" in (answer or {}):
            raise CommandError(_printable(answer["detail"]))
        self.stdout.write(json.dumps(answer, indent=2) if options["json"] else told(answer))
        if status >= 400:
            raise CommandError("It is not well.")


def told(answer: Any) -> str:
    """A table of a list; of anything else its members, a line each."""
    if not isinstance(answer, dict):
        return ""
    if "items" not in answer:
        width = max(map(len, answer), default=0)
        return "\n".join(f"{name:<{width}}  {_cell(value)}" for name, value in answer.items())
    rows = answer["items"]
    if not rows:
        return "Nothing." + _more(answer)
    columns = [name for name in FIRST if name in rows[0]]
    cells = [columns, *([_cell(row[name]) for name in columns] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return "\n".join(lines) + _more(answer)


def _more(answer: dict[str, Any]) -> str:
    """How to go on."""
    found = re.search(r"[?&]cursor=([^&]+)", answer.get("next") or "")
    return f"\nmore: --cursor {found[1]}" if found else ""


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "–"
    return _printable(value) if isinstance(value, str) else json.dumps(value)


def _printable(text: str) -> str:
    """Texts of rows come from anywhere, and a terminal obeys some of them."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _add(parser: Any, operation: Offered) -> None:
    parser.set_defaults(operation=operation)
    for one in operation.parameters:
        about = one.schema.get("description", "")
        told = {"dest": f"given_{one.name}", "metavar": one.name.upper(), "help": about.replace("%", "%%")}
        if one.place == "path":
            parser.add_argument(told.pop("dest"), **told)
        else:
            option = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", one.name).lower().replace("_", "-")
            parser.add_argument(f"--{option}", required=one.is_required, **told)


def _user(name: str | None) -> Any:
    """The user of that name, or the only one who may do everything."""
    users = get_user_model()._default_manager.filter(is_active=True)
    if name:
        found = users.filter(**{get_user_model().USERNAME_FIELD: name}).first()
        if found is None:
            raise CommandError(f"There is no active user {name}.")
        return found
    mighty = list(users.filter(is_superuser=True)[:2])
    if len(mighty) != 1:
        raise CommandError("In whose name? Say --as USER, or set OPSCONSOLE_USER.")
    return mighty[0]
