"""The reference names what the code has: nothing else, and nothing less."""

import ast
import inspect
import re
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.db import connection

from opsconsole import engine, schedules, streams
from opsconsole.engine import models, operations, testing
from opsconsole.engine import together as engine_together
from opsconsole.engine.configuration import Configuration
from opsconsole.engine.messages import EVENTS, Message
from opsconsole.engine.models.lineage import Lineage
from opsconsole.kernel import tracing
from opsconsole.reminders import operations as reminders_operations
from opsconsole.reminders.configuration import Configuration as RemindersConfiguration
from opsconsole.reminders.models import ReminderRow
from opsconsole.schedules import operations as schedules_operations
from opsconsole.schedules import testing as schedules_testing
from opsconsole.schedules.models import Run, Schedule
from opsconsole.streams import operations as streams_operations
from opsconsole.streams import rebuilding, trying
from opsconsole.streams import testing as streams_testing
from opsconsole.streams.models import Move, ParkedEvent, Process, ProcessStep, SkippedEvent, Snapshot, Subscription
from tests.docs.pages import ROOT, Page

REFERENCE = "docs/reference/"
SIGNATURES = Page(REFERENCE + "messages-and-handlers.md")
SCHEDULES = Page(REFERENCE + "schedules.md")
REMINDERS = Page(REFERENCE + "reminders.md")
STREAMS = Page(REFERENCE + "streams.md")
FOLLOWERS = Page(REFERENCE + "followers.md")
DATABASE = Page(REFERENCE + "database.md")
COLUMNS = Page(REFERENCE + "events-and-commands.md")
NAMESPACES: dict[str, Any] = {
    "": engine,
    "operations": operations,
    "together": engine_together,
    "testing": testing,
    "tracing": tracing,
    "schedules": schedules,
    "schedules.operations": schedules_operations,
    "schedules.testing": schedules_testing,
    "reminders.operations": reminders_operations,
    "streams": streams,
    "streams.testing": streams_testing,
    "streams.trying": trying,
    "streams.operations": streams_operations,
    "streams.rebuilding": rebuilding,
}
MODELS = list(apps.get_app_config("ops_engine").get_models())
CODE = re.compile(r"`([^`]+)`")


def section(page: Page, title: str) -> str:
    return page.text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def first_cells(text: str) -> list[str]:
    """The first cell of each row of the tables in it, without the heads."""
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    heads = {number - 1 for number, cell in enumerate(rows) if set(cell) <= {"-"}}
    return [cell for number, cell in enumerate(rows) if number not in heads and not set(cell) <= {"-"}]


def named_in_first_cells(text: str) -> set[str]:
    return {name for cell in first_cells(text) for name in CODE.findall(cell)}


def test_every_setting_stands_there_with_its_default():
    own, _ = Page(REFERENCE + "settings.md").text.split("## Settings of the runnable")
    told = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", own, re.MULTILINE)
    assert {name: ast.literal_eval(default) for name, default in told} == {
        field.name: field.default for field in fields(Configuration)
    }


def test_every_variable_that_the_project_reads_stands_there():
    project = (ROOT / "opsconsole/config/settings.py").read_text()
    told = set(CODE.findall(Page(REFERENCE + "settings.md").prose()))
    assert set(re.findall(r'environ\.get\("(\w+)"', project)) <= told


def test_every_check_stands_there():
    known = {
        found
        for file in (ROOT / "opsconsole").rglob("*.py")
        for found in re.findall(r'"(ops_\w+\.[EW]\d{3})"', file.read_text())
    }
    assert named_in_first_cells(Page(REFERENCE + "checks.md").text) == known


def test_every_management_command_stands_there_with_its_options():
    text = Page(REFERENCE + "management-commands.md").text
    known = {name: app for name, app in get_commands().items() if str(app).startswith("opsconsole.")}
    assert named_in_first_cells(text) == {"up", "test", "bench", *known}
    plain = set(load_command_class("django.core", "check").create_parser("", "check")._option_string_actions)
    for name in known.keys() - {"bench"}:  # it hands its options on
        (line,) = re.findall(rf"^\| `{name}` \|.*$", text, re.MULTILINE)
        own = set(load_command_class(known[name], name).create_parser("", name)._option_string_actions)
        base = set(load_command_class("django.core", "migrate").create_parser("", name)._option_string_actions) | plain
        told = {option.split()[0] for option in CODE.findall(line) if option.startswith("-")}
        assert told == own - base, name


class TestColumns:
    @pytest.mark.parametrize("model", [models.Event, models.Command, models.Batch], ids=lambda model: model.__name__)
    def test_of_a_kind_of_row(self, model: Any):
        own = {field.column for field in model._meta.fields} - self.shared()
        assert named_in_first_cells(section(COLUMNS, model.__name__)) == own

    def test_shared(self):
        assert (
            named_in_first_cells(section(COLUMNS, "Shared by events, commands, batches and workflows")) == self.shared()
        )

    def test_of_attempts(self):
        columns = {field.column for field in models.Attempt._meta.fields}
        assert named_in_first_cells(section(COLUMNS, "Attempt")) == columns

    def test_of_workflows_and_steps(self):
        workflow, step = section(COLUMNS, "Workflow and step").split("| column of a step")
        assert named_in_first_cells(workflow) == {f.column for f in models.Workflow._meta.fields} - self.shared()
        assert named_in_first_cells("| column" + step) == {f.column for f in models.Step._meta.fields}

    @staticmethod
    def shared() -> set[str]:
        return {field.column for field in Lineage._meta.fields}


class TestReminders:
    def test_settings(self):
        told = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", section(REMINDERS, "Settings"), re.MULTILINE)
        names = {"Exponential": engine.Exponential}
        assert {name: eval(default, names) for name, default in told} == {  # noqa: S307 - our own documentation
            field.name: field.default for field in fields(RemindersConfiguration)
        }

    def test_columns(self):
        told = named_in_first_cells(section(REMINDERS, "Columns"))
        assert told == {field.column for field in ReminderRow._meta.fields}

    def test_events(self):
        known = {name for name, _ in EVENTS if name.startswith("reminders.")}
        assert named_in_first_cells(section(REMINDERS, "Events")) == known

    def test_permissions(self):
        codenames = {codename for codename, _ in ReminderRow._meta.permissions}
        told = CODE.findall(section(REMINDERS, "Permissions"))
        assert {name.removeprefix("ops_reminders.") for name in told} == codenames

    def test_operations(self):
        told = set(re.findall(r"^def (\w+)", REMINDERS.text, re.MULTILINE))
        assert told == {"define", "find", "cancel", "reschedule", "snooze", "fire"}


class TestSchedules:
    @pytest.mark.parametrize("model", [Schedule, Run], ids=lambda model: model.__name__)
    def test_columns(self, model: Any):
        table = SCHEDULES.text.split(f"| column of `{model._meta.db_table}` |")[1].split("\n\n")[0]
        assert named_in_first_cells(f"|  |{table}") == {field.column for field in model._meta.fields}

    def test_constraints(self):
        table = SCHEDULES.text.split("| constraint | keeps |")[1]
        known = {constraint.name for model in (Schedule, Run) for constraint in model._meta.constraints}
        assert named_in_first_cells(f"| constraint | keeps |{table}") == known

    def test_every_public_name_is_told(self):
        assert set(schedules.__all__) <= set(CODE.findall(SCHEDULES.prose())) | set(
            re.findall(r"(?:def|class) (\w+)", SCHEDULES.text)
        )


class TestStreams:
    @pytest.mark.parametrize("model", [Snapshot], ids=lambda model: model.__name__)
    def test_columns(self, model: Any):
        table = STREAMS.text.split(f"| column of `{model._meta.db_table}` |")[1].split("\n\n")[0]
        assert named_in_first_cells(f"|  |{table}") == {field.column for field in model._meta.fields if field.column}

    def test_functions(self, database: None):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT proname FROM pg_proc WHERE proname LIKE 'ops_streams_%%' AND prorettype <> 'trigger'::regtype"
            )
            known = {name for (name,) in cursor.fetchall()}
        assert set(re.findall(r"^\| `(ops_streams_\w+)\(", STREAMS.text, re.MULTILINE)) == known

    def test_what_a_recorded_event_has(self):
        table = STREAMS.text.split("| field of a `Recorded` |")[1].split("\n\n")[0]
        assert named_in_first_cells(f"|  |{table}") == {field.name for field in fields(streams.Recorded)}

    def test_every_public_name_is_told(self):
        told = {name for page in (STREAMS, FOLLOWERS) for name in CODE.findall(page.prose())}
        told |= {name for page in (STREAMS, FOLLOWERS) for name in re.findall(r"(?:def|class) (\w+)", page.text)}
        assert set(streams.__all__) <= told


class TestFollowers:
    @pytest.mark.parametrize(
        "model",
        [Subscription, ParkedEvent, SkippedEvent, Process, ProcessStep, Move],
        ids=lambda model: model.__name__,
    )
    def test_columns(self, model: Any):
        table = FOLLOWERS.text.split(f"| column of `{model._meta.db_table}` |")[1].split("\n\n")[0]
        assert named_in_first_cells(f"|  |{table}") == {field.column for field in model._meta.fields}


class TestDatabase:
    def test_tables(self):
        told = named_in_first_cells(section(DATABASE, "Tables"))
        assert told == {model._meta.db_table for model in MODELS}

    def test_indexes_and_what_they_are_on(self):
        told = dict(re.findall(r"^\| `(ops_engine_\w+)` \| ([\w, ]+)", section(DATABASE, "Indexes"), re.MULTILINE))
        known = {index.name: ", ".join(_columns_of(index)) for model in MODELS for index in model._meta.indexes}
        assert {name: columns.strip().removesuffix(" (BRIN)") for name, columns in told.items()} == known

    def test_constraints(self):
        told = named_in_first_cells(section(DATABASE, "Constraints"))
        assert told == {constraint.name for model in MODELS for constraint in model._meta.constraints}

    def test_partitioned_tables_and_functions(self, database: None):
        with connection.cursor() as cursor:
            cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'p'")
            partitioned = {name for (name,) in cursor.fetchall()}
            cursor.execute("SELECT proname FROM pg_proc WHERE proname LIKE 'ops_engine_%%'")
            functions = {name for (name,) in cursor.fetchall()}
        assert partitioned == set(CODE.findall(section(DATABASE, "Partitions").split(" are partitioned")[0]))
        told = {name.split("(")[0] for name in named_in_first_cells(section(DATABASE, "Functions and the sequence"))}
        assert told == functions | {"ops_engine_event_seq"}


def _columns_of(index: Any) -> list[str]:
    return [expression.name for expression in index.expressions] or index.fields


def _documented() -> list[tuple[str, Any, ast.FunctionDef]]:
    """Each documented function or method, with the real one."""
    found = []
    for block in (block for page in (SIGNATURES, SCHEDULES, STREAMS) for block in page.blocks("python")):
        namespace = NAMESPACES[block.info.removeprefix("signatures").strip()]
        for node in ast.parse(block.text).body:
            if isinstance(node, ast.FunctionDef):
                found.append((node.name, getattr(namespace, node.name), node))
            elif isinstance(node, ast.ClassDef):
                real = Message if node.name == "Message" else getattr(namespace, node.name)
                for method in node.body:
                    assert isinstance(method, ast.FunctionDef)
                    name = f"{node.name}.{method.name}"
                    found.append((name, real if method.name == "__init__" else getattr(real, method.name), method))
    return found


@pytest.mark.parametrize(("real", "told"), [pytest.param(real, told, id=name) for name, real, told in _documented()])
def test_a_documented_signature_is_the_real_one(real: Any, told: ast.FunctionDef):
    signature = inspect.signature(real)
    parameters = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
    assert _told(told) == [(p.name, p.kind.name, _shown(p.default)) for p in parameters]


def _told(function: ast.FunctionDef) -> list[tuple[str, str, str]]:
    made: dict[str, Any] = {}
    exec(ast.unparse(function), {"Exception": Exception}, made)  # noqa: S102 - our own documentation
    parameters = inspect.signature(made[function.name]).parameters.values()
    return [(p.name, p.kind.name, _shown(p.default)) for p in parameters if p.name not in ("self", "cls")]


def _shown(default: Any) -> str:
    """Defaults that are made anew each time, or have no short name, are told as `...`."""
    is_long = repr(default) == "<factory>" or isinstance(default, timedelta)
    return "Ellipsis" if is_long else repr(default)


def test_every_public_name_is_told():
    told = set(CODE.findall(SIGNATURES.prose())) | set(re.findall(r"(?:def|class) (\w+)", SIGNATURES.text))
    assert set(engine.__all__) <= told
