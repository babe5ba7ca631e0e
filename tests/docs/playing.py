"""Running the Python of a page, as if each block were saved where its first line says."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from django.db import connection

from opsconsole.engine.messages import COMMANDS, EVENTS
from opsconsole.engine.models import Attempt, Batch, Command, Event, Stream, UniqueKey
from opsconsole.engine.registry import HANDLERS, REACTIONS
from opsconsole.schedules.declaring import DECLARED
from opsconsole.schedules.models import Run, Schedule
from opsconsole.streams import duties
from opsconsole.streams.aggregates import AGGREGATES
from opsconsole.streams.followers import FOLLOWERS
from opsconsole.streams.models import Move, Process, ProcessStep, Snapshot, Subscription
from opsconsole.streams.moves import PROCESSES
from tests.docs import shop
from tests.docs.pages import Block, Page

HOST_PROJECT = "mysite/"


def is_played(block: Block) -> bool:
    """Files of a host project are tried apart; signatures are compared with the code."""
    return not block.file.startswith(HOST_PROJECT) and not block.info.startswith("signatures")


class Session:
    """The modules that a page's blocks make up."""

    def __init__(self) -> None:
        self.modules: dict[str, ModuleType] = {}

    def play(self, page: Page) -> ModuleType:
        """Run every block, and the test functions in it. Returns the module of blocks that name no file."""
        for block in page.blocks("python"):
            if not is_played(block):
                continue
            module = self.module(block.file.removesuffix(".py").replace("/", ".") or "example")
            code = compile("\n" * (block.line - 1) + block.text, str(page.path), "exec")
            exec(code, vars(module))  # noqa: S102 - our own documentation
            self._run_tests(module)
        return self.module("example")

    def module(self, name: str) -> ModuleType:
        parent, _, last = name.rpartition(".")
        if name not in self.modules:
            self.modules[name] = sys.modules[name] = ModuleType(name)
            if parent:
                setattr(self.module(parent), last, self.modules[name])
        return self.modules[name]

    def _run_tests(self, module: ModuleType) -> None:
        for name in [name for name in vars(module) if name.startswith("test_")]:
            _empty()
            vars(module).pop(name)()


def _empty() -> None:
    """Each test of a page begins with empty tables, as under pytest, and knows what the page declares, as after
    `migrate`."""
    for model in (
        Attempt,
        Command,
        Event,
        Stream,
        Snapshot,
        Batch,
        UniqueKey,
        Run,
        Schedule,
        Process,
        ProcessStep,
        Subscription,
        *reversed(shop.MODELS),
    ):
        model._default_manager.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ops_engine_sequencer SET position = 0")
    duties.after_migrations()


@contextmanager
def session() -> Iterator[Session]:
    """A session whose message types, handlers and modules are forgotten afterwards."""
    registries: tuple[dict[str, Any], ...] = (
        COMMANDS._items, EVENTS._items, HANDLERS._items, REACTIONS, DECLARED._items, AGGREGATES._items,
        FOLLOWERS._items, PROCESSES._items,
    )  # fmt: skip
    before = [dict(registry) for registry in registries]
    playing = Session()
    for name in ("Customer", "Order", "Takings"):
        setattr(playing.module("shop.models"), name, getattr(shop, name))
    try:
        yield playing
    finally:
        for registry, kept in zip(registries, before, strict=True):
            registry.clear()
            registry.update(kept)
        for name in playing.modules:
            sys.modules.pop(name, None)
        Move.objects.filter(process__startswith="shop.").delete()


@contextmanager
def shop_tables() -> Iterator[None]:
    """The tables of the shop, which is in no project's INSTALLED_APPS."""
    with connection.schema_editor() as editor:
        for model in shop.MODELS:
            editor.create_model(model)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            for model in reversed(shop.MODELS):
                editor.delete_model(model)
