"""Who calls, and what they may."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from opsconsole.api.problems import Problem
from opsconsole.kernel.tracing import Cause

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser

    from opsconsole.api.admitting import Admitted

LOOPBACK, COMMAND_LINE = "loopback", "command line"


@dataclass(slots=True)
class Caller:
    """`tenant` is empty for those who may see all; `actor` is the name for audits.

    A token permits what it was made for, as far as its user is permitted that; on the command line there is a user
    without a token. Without a user (from this machine, as a demonstration allows) what `granted` names is permitted.
    """

    actor: str
    key: str  # whose idempotency keys these are
    tenant: str = ""
    user: "AbstractUser | None" = None
    token: "Admitted | None" = None
    granted: frozenset[str] = field(default_factory=frozenset)

    @property
    def via(self) -> str:
        """By what means, for the log."""
        return f"API token {self.token.name}" if self.token else self.key

    def permits(self, permission: str) -> bool:
        """Whether the caller may do what needs the permission, such as "ops_engine.view_command"."""
        if self.user is None:
            return permission in self.granted
        is_in_scope = self.token is None or permission in self.token.scopes
        return is_in_scope and self.user.has_perm(permission)

    def require(self, permission: str) -> None:
        """Raises Problem: 403 with the name of the permission."""
        if not self.permits(permission):
            raise Problem(403, f"This needs the permission {permission}.", type="not-permitted")

    def sees(self, tenant: str) -> bool:
        """Whether something of that tenant is there for the caller at all."""
        return self.tenant in ("", tenant)

    def acting_in(self, tenant: str | None) -> str:
        """The tenant that something new belongs to; raises Problem for one that is not the caller's."""
        if self.tenant and tenant not in (None, "", self.tenant):
            detail = f"This token acts for the tenant {self.tenant} only."
            raise Problem(403, detail, type="other-tenant", errors=[{"field": "body.tenant", "detail": detail}])
        return self.tenant or tenant or ""

    def cause(self, request_id: str) -> Cause:
        """Why the rows are written that the request leads to."""
        metadata: dict[str, Any] = {"actor": self.actor, "request": request_id}
        return Cause("api", None, None, self.tenant, metadata)
