"""What the API remembers."""

from opsconsole.api.models.answer import IdempotentAnswer
from opsconsole.api.models.job import JobKey
from opsconsole.api.models.token import Token, Use

__all__ = ["IdempotentAnswer", "JobKey", "Token", "Use"]
