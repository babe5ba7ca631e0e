"""PostgreSQL and Valkey as children of the main thread: start, stop, kill and start again.

with throwaway_directory() as directory:
    postgres = Postgres(directory)
    postgres.start()
    postgres.url            # for DATABASE_URL
    postgres.kill()         # as a power cut would
    postgres.start()        # recovers from its log
    postgres.stop("immediate")
"""

from opsconsole.embedded.servers.postgres import Postgres
from opsconsole.embedded.servers.valkey import Valkey

__all__ = ["Postgres", "Valkey"]
