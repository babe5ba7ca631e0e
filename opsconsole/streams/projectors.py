"""Read models kept by the log: what a projector writes commits together with the position that it has reached."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

from django.db.models import Model

from opsconsole.engine import Event, NoRetry
from opsconsole.engine.retries import RetryPolicy
from opsconsole.streams import rows as rows_of
from opsconsole.streams.followers import FOLLOWERS, Follower
from opsconsole.streams.recorded import Recorded

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__projects__"


def projects(*messages: type[Event], row: Callable[[Any], Any] | None = None) -> Callable[[F], F]:
    """Mark a method of a projector as the one for events of these types.

    Of a RowProjector, `row` says from the event which row it is about: its primary key.
    """

    def mark(method: F) -> F:
        setattr(method, _MARK, ([message.__contract__.name for message in messages], row))
        return method

    return mark


class Projector:
    """Writes tables of its own as it likes, one event after another.

    class Totals(Projector, name="billing.totals", models=[Total]):
        @projects(DocumentIssued)
        def issued(self, event, recorded):
            Total.objects.filter(...).update(...)

    Class options: `name`, `models` (its tables, all of them: what a rebuild makes anew), `start` ("beginning" or
    "end"), `start_delay` and `jitter` (seconds), `retry`, `on_failure`, `page` (events a transaction, at most).
    """

    models: ClassVar[tuple[type[Model], ...]] = ()
    methods: ClassVar[dict[str, str]] = {}

    def __init_subclass__(
        cls,
        *,
        name: str = "",
        models: Sequence[type[Model]] = (),
        start: str = "beginning",
        start_delay: float = 0.0,
        jitter: float = 0.0,
        retry: RetryPolicy | None = None,
        on_failure: str = "stop",
        page: int = 1_000,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        if not name:
            return  # a base for others
        cls.models = tuple(models) or cls.models
        cls.methods = _methods_of(cls)
        follower = Follower(
            name=name,
            kind="projection",
            types=frozenset(cls.methods),
            apply=cls().apply,
            start=start,
            start_delay=start_delay,
            jitter=jitter,
            retry=retry or NoRetry(),
            on_failure=on_failure,
            page=page,
            models=cls.models,
        )
        FOLLOWERS.add(name, follower)

    def apply(self, page: Sequence[Recorded]) -> None:
        """Apply events in the order given."""
        for recorded in page:
            getattr(self, self.methods[recorded.type])(recorded.event(), recorded)


class _Step(NamedTuple):
    """An event, with the method that folds it into the row of that key."""

    method: Callable[..., Any]
    key: Any
    event: Event
    recorded: Recorded


class RowProjector(Projector):
    """Keeps one table by folding events into its rows, in memory; a page is read and written in two statements.

    class Balances(RowProjector, name="bank.balances", models=[Balance]):
        @projects(Deposited, row=lambda event: event.account)
        def deposited(self, row, event, recorded):
            row.amount += event.amount

    A method is given the row as it is by now, or a new one with nothing but its key; returning False deletes it.
    """

    def apply(self, page: Sequence[Recorded]) -> None:
        """Apply events in the order given."""
        (model,) = self.models
        steps = [self._step(recorded) for recorded in page]
        found = rows_of.find(model, {step.key for step in steps})
        rows: dict[Any, Model | None] = {**found}
        self._take(steps, rows)
        gone = [key for key in found if rows[key] is None]
        if gone:
            model._base_manager.filter(pk__in=gone).delete()
        rows_of.store(model, [row for row in rows.values() if row is not None])

    def fold(self, page: Sequence[Recorded], rows: dict[Any, Model | None]) -> None:
        """Apply events to rows in memory, by their keys; one that was deleted is None."""
        self._take([self._step(recorded) for recorded in page], rows)

    def _take(self, steps: Sequence["_Step"], rows: dict[Any, Model | None]) -> None:
        (model,) = self.models
        for step in steps:
            row = rows.get(step.key) or model(pk=step.key)
            rows[step.key] = None if step.method(row, step.event, step.recorded) is False else row

    def _step(self, recorded: Recorded) -> "_Step":
        method = getattr(self, self.methods[recorded.type])
        event = recorded.event()
        _, row = getattr(method, _MARK)
        if row is None:
            raise TypeError(f"{method.__qualname__} does not say which row it is about: @projects(…, row=…)")
        return _Step(method, self.models[0]._meta.pk.to_python(row(event)), event, recorded)


def _methods_of(cls: type[Projector]) -> dict[str, str]:
    """Which method is for which type of event; raises TypeError for two."""
    methods: dict[str, str] = {}
    for name in dir(cls):
        for event_type in getattr(getattr(cls, name), _MARK, ((), None))[0]:
            if methods.setdefault(event_type, name) != name:
                raise TypeError(f"{cls.__name__} has two methods for {event_type!r}")
    return methods
