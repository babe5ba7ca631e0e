"""Rate and concurrency limits of types, applied in the claim.

A budget is a locked row, taken without SKIP LOCKED: two workers that skipped each other's lock would spend the same
budget. It is written once a claim, not once a command, and only types that have a limit pay for it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from opsconsole.engine.messages import COMMANDS, Limit
from opsconsole.engine.sql import statement


@dataclass(slots=True)
class Allowances:
    """How many commands of each limited type may be claimed now; hold it only inside the claim's transaction."""

    by_type: dict[str, int]
    tokens: dict[str, float]

    @property
    def exhausted(self) -> list[str]:
        return [name for name, allowance in self.by_type.items() if allowance <= 0]

    def spend(self, claimed_types: Iterable[str]) -> None:
        """Write back what the claim has used up."""
        used = Counter(name for name in claimed_types if name in self.tokens)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ops_engine_budget AS budget SET tokens = spent.tokens, refilled_at = clock_timestamp()"
                " FROM unnest(%s::text[], %s::float8[]) AS spent (type, tokens) WHERE budget.type = spent.type",
                [list(self.tokens), [tokens - used[name] for name, tokens in self.tokens.items()]],
            )


def limited() -> dict[str, Limit]:
    """The limits that known command types declare."""
    return {name: limit for name, message in COMMANDS if (limit := message.__contract__.limit) is not None}


def allowances(limits: dict[str, Limit]) -> Allowances:
    """Lock the budgets of these types, refilled by the database's clock, and count what runs already."""
    names = sorted(limits)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops_engine_budget (type, tokens, refilled_at)"
            " SELECT type, burst, clock_timestamp() FROM unnest(%s::text[], %s::float8[]) AS limited (type, burst)"
            " ON CONFLICT DO NOTHING",
            [names, [float(limits[name].burst) for name in names]],
        )
        cursor.execute(statement("lock_budgets"), {"types": names})
        budgets = cursor.fetchall()
        cursor.execute(
            "SELECT type, count(*) FROM ops_engine_command WHERE claim_id IS NOT NULL AND type = ANY(%s) GROUP BY type",
            [names],
        )
        running = dict(cursor.fetchall())
    by_type, tokens_left = {}, {}
    for name, tokens, elapsed in budgets:
        limit = limits[name]
        allowed = float(limit.concurrency - running.get(name, 0)) if limit.concurrency else float("inf")
        if limit.per_second:
            tokens_left[name] = min(float(limit.burst), tokens + elapsed * limit.per_second)
            allowed = min(allowed, tokens_left[name])
        by_type[name] = int(min(allowed, 1_000_000))
    return Allowances(by_type, tokens_left)
