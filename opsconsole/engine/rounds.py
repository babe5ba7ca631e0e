"""Going through rows that may be many, a page at a time, round after round."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from opsconsole.engine.sql import statement

LOWEST_ID = UUID(int=0)
PAGE = 500


@dataclass(slots=True)
class Round:
    """A query that says of the next rows of a status whether something is to be done about them."""

    query: str
    status: str
    after: UUID = LOWEST_ID

    def next_page(self) -> list[UUID]:
        """Those of the next page about which there is; after the last page the round begins anew."""
        with connection.cursor() as cursor:
            cursor.execute(statement(self.query), {"status": self.status, "after": self.after, "limit": PAGE})
            looked_at = cursor.fetchall()
        self.after = looked_at[-1][0] if len(looked_at) == PAGE else LOWEST_ID
        return [identifier for identifier, is_found in looked_at if is_found]
