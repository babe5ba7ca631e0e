from pathlib import Path

from django.db import migrations

FINISH_COMMANDS = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("ops_engine", "0002_causes_process"),
    ]

    operations = [
        migrations.RunSQL(FINISH_COMMANDS, "DROP FUNCTION ops_engine_finish_commands;"),
    ]
