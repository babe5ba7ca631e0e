"""The trigger by which the database refuses a move that a process does not declare."""

from pathlib import Path

from django.db import migrations

CHECK_MOVES = Path(__file__).with_name("0002_check_moves.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("ops_streams", "0001_initial")]

    operations = [
        migrations.RunSQL(
            CHECK_MOVES,
            "DROP TRIGGER ops_streams_process_move ON ops_streams_process; DROP FUNCTION ops_streams_check_move()",
        )
    ]
