"""Tokens are made, known by a digest, and revoked."""

import hashlib
import logging
import secrets
from typing import Any

from opsconsole.api.models import Token
from opsconsole.engine.queries.present import database_now

logger = logging.getLogger(__name__)

PREFIX = "ops_"
HINT = 8  # characters of the secret that are kept to recognise it


def digest_of(secret: str) -> str:
    """A plain hash is enough: a secret of 256 random bits cannot be guessed, however fast one tries."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def give_secret(token: Token) -> str:
    """A new secret for a token that is being made; only this answer holds it."""
    secret = PREFIX + secrets.token_urlsafe(32)
    token.digest, token.hint = digest_of(secret), secret[:HINT]
    return secret


def make(name: str, user: Any, scopes: list[str], *, tenant: str = "", **columns: Any) -> tuple[Token, str]:
    """A token and its secret."""
    token = Token(name=name, user=user, scopes=sorted(scopes), tenant=tenant, **columns)
    secret = give_secret(token)
    token.full_clean()
    token.save()
    return token, secret


def revoke(token: Token, *, actor: str) -> bool:
    """Let it in no more, from the next request on; returns whether it was not revoked already."""
    live = Token.objects.filter(pk=token.pk, revoked_at=None)
    changed = bool(live.update(revoked_at=database_now(), revoked_by=actor))
    logger.info("token %s revoked by %s", token.pk, actor, extra={"action": "token.revoke", "actor": actor})
    return changed
