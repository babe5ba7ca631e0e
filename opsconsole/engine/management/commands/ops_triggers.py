"""Install or remove the wake-up triggers for rows that other programs write."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, transaction

TABLES = ("ops_engine_command", "ops_engine_event")


class Command(BaseCommand):
    help = (
        "Statement-level triggers that send a wake-up from inside the writing transaction. They serialise the commits"
        " of all writers: only for rows written by programs that are not Django."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["install", "remove"])

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_wake ON {table}")
                if options["action"] == "install":
                    cursor.execute(
                        f"CREATE TRIGGER {table}_wake AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh"
                        " FOR EACH STATEMENT EXECUTE FUNCTION ops_engine_wake()"
                    )
        self.stdout.write(f"Wake-up triggers: {options['action']} done.")
