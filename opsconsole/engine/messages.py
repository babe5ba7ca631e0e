"""Typed messages with stable names.

class ActivityPublished(Event, name="academics.activity_published"):
    activity_id: UUID
"""

import json
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from opsconsole.engine.configuration import configuration
from opsconsole.engine.retries import NoRetry, RetryPolicy
from opsconsole.kernel.encoding import encode
from opsconsole.kernel.registry import Registry

QUEUE_LENGTH = 60  # characters


@dataclass(frozen=True, slots=True)
class EventContract:
    """What is stored and known about a type of event."""

    name: str
    version: int
    internal: bool = False
    heeds_tenant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `concurrency` commands of a type at once, and `per_second` started (in bursts of `burst`) overall.

    Raises ValueError for a limit that nothing could ever pass.
    """

    concurrency: int | None = None
    per_second: float | None = None
    burst: float = 1.0

    def __post_init__(self) -> None:
        if (
            (self.concurrency is not None and self.concurrency < 1)
            or (self.per_second is not None and self.per_second <= 0)
            or self.burst < 1
        ):
            raise ValueError(f"{self} lets nothing pass; to hold a type back, pause it")
        if self.per_second is not None and self.burst < self.per_second:
            object.__setattr__(self, "burst", self.per_second)  # a second's worth, at least


def servable(queue: str) -> str:
    """`queue` itself if workers can serve one of that name; raises ValueError."""
    if not 0 < len(queue) <= QUEUE_LENGTH or queue.startswith("@") or queue == "events":
        raise ValueError(
            f"{queue!r} cannot be the name of a queue: 1 to {QUEUE_LENGTH} characters, not 'events', no leading '@'"
        )
    return queue


@dataclass(frozen=True, slots=True)
class CommandContract:
    """What is stored and known about a type of command. `timeout` is in seconds."""

    name: str
    version: int
    queue: str
    priority: int
    retry: RetryPolicy
    timeout: float | None
    limit: Limit | None = None
    internal: bool = False
    heeds_tenant: bool = False

    def __post_init__(self) -> None:
        servable(self.queue)


class NewerVersion(ValueError):
    """The payload was stored by a release that is newer than the code here."""


class Message(BaseModel):
    """A frozen, validated payload. Subclasses without a `name` are bases for others.

    Two class options tell who outside may send it by its name. `internal`: nobody, for it is sent by machinery, or by
    code that has looked at a permission of its own. `heeds_tenant`: also whoever acts for one tenant, for what comes of
    it keeps within the tenant of its work; without it they might name what belongs to another one.
    """

    __contract__: ClassVar["EventContract | CommandContract"]

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__()

    @classmethod
    def require_own_name(cls, name: str) -> None:
        """Raises TypeError when it would be stored under its parent's name, whose payload is another one."""
        if not name and hasattr(cls, "__contract__"):
            raise TypeError(f"{cls.__name__} needs a name of its own: its base is {cls.__contract__.name!r}")

    @classmethod
    def upcast(cls, payload: dict[str, Any], version: int) -> dict[str, Any]:
        """Turn a payload stored by an older `version` into today's; override when raising the version."""
        return payload

    @classmethod
    def decode(cls, text: str, version: int, current: int) -> Self:
        """The message from stored JSON; raises pydantic's ValidationError, and NewerVersion."""
        if version == current:
            return cls.model_validate_json(text)
        if version > current:
            raise NewerVersion(f"it was stored as version {version}; the code here knows version {current}")
        return cls.model_validate(cls.upcast(json.loads(text), version))

    def encode(self) -> str:
        """JSON text to store; raises UnstorablePayload."""
        return encode(self, limit=configuration().payload_limit)


class Event(Message):
    """Something that happened; named in the past tense."""

    __contract__: ClassVar[EventContract]

    @classmethod
    def __pydantic_init_subclass__(
        cls, *, name: str = "", version: int = 1, internal: bool = False, heeds_tenant: bool = False, **kwargs: Any
    ) -> None:
        cls.require_own_name(name)
        if name:
            cls.__contract__ = EventContract(name, version, internal, heeds_tenant)
            EVENTS.add(name, cls)


class Command(Message):
    """Work to be done; named in the imperative.

    Class options: `name`, `version`, `queue`, `priority` (lower first), `retry` (a policy),
    `timeout` (seconds after which its worker counts as lost), `limit` (rate and concurrency), and those of messages.
    """

    __contract__: ClassVar[CommandContract]

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        name: str = "",
        version: int = 1,
        queue: str = "default",
        priority: int = 0,
        retry: RetryPolicy | None = None,
        timeout: float | None = None,
        limit: Limit | None = None,
        internal: bool = False,
        heeds_tenant: bool = False,
        **kwargs: Any,
    ) -> None:
        cls.require_own_name(name)
        if name:
            policy = retry or NoRetry()
            cls.__contract__ = CommandContract(
                name, version, queue, priority, policy, timeout, limit, internal, heeds_tenant
            )
            COMMANDS.add(name, cls)


EVENTS: Registry[type[Event]] = Registry("event type")
COMMANDS: Registry[type[Command]] = Registry("command type")
