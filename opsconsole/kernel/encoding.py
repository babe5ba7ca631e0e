"""JSON that PostgreSQL can keep: no NUL characters, no lone surrogates, no NaN, bounded size."""

import json
import math
import re
from typing import Any, NoReturn

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
        raise UnstorablePayload(f"the payload of {label} holds a NUL character, which PostgreSQL cannot store")
    if "NaN" in text or "Infinity" in text:
        _refuse_constants(text, label)
    return text


def dumps(value: Any) -> str:
    """Plain data as compact JSON text that the database can hold; what it cannot hold is written in words."""
    try:
        text = _compact(value)
        text.encode()
    except (ValueError, TypeError):
        return _compact(_in_words(value))
    return _compact(_in_words(value)) if "\\u0000" in text else text


def storable(text: str) -> str:
    """`text` with a picture in place of each NUL, and lone surrogates written as escapes."""
    return text.replace("\x00", "␀").encode("utf-8", "backslashreplace").decode()


def _refuse_constants(text: str, label: str) -> None:
    def refuse(constant: str) -> NoReturn:
        raise UnstorablePayload(f"the payload of {label} holds {constant}, which JSON cannot say")

    json.loads(text, parse_constant=refuse)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=str)


def _in_words(value: Any) -> Any:
    match value:
        case dict():
            return {storable(str(key)): _in_words(one) for key, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_in_words(one) for one in value]
        case float() if math.isfinite(value):
            return value
        case None | bool() | int():
            return value
        case _:
            return storable(str(value))
