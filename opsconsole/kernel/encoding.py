"""JSON that PostgreSQL can keep: no NUL characters, no lone surrogates, bounded size."""

import json
import re
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError

_NUL_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class UnstorablePayload(ValueError):
    """A payload that the database cannot hold; the message says what and where it came from."""


class PayloadTooLarge(UnstorablePayload):
    """A payload over the configured limit."""


def encode(message: BaseModel, *, limit: int) -> str:
    """The message as JSON text of at most `limit` bytes; raises UnstorablePayload."""
    try:
        text = message.model_dump_json()
    except (PydanticSerializationError, UnicodeEncodeError) as error:
        raise UnstorablePayload(f"{type(message).__name__} cannot be written as JSON: {error}") from error
    return checked(text, label=type(message).__name__, limit=limit)


def checked(text: str, *, label: str, limit: int) -> str:
    """`text` itself when the database can hold it; raises UnstorablePayload."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size > limit:
        raise PayloadTooLarge(f"the payload of {label} has {size:,} bytes; the limit is {limit:,}")
    if "\\u0000" in text and _NUL_ESCAPE.search(text):
        raise UnstorablePayload(
            f"the payload of {label} holds a NUL character, which PostgreSQL cannot store"
        )
    return text


def dumps(value: Any) -> str:
    """Plain data as compact JSON text."""
    return json.dumps(value, separators=(",", ":"), default=str)
