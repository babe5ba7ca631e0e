"""The function that reads a page of a stream."""

from pathlib import Path

from django.db import migrations

READ_STREAM = Path(__file__).with_name("0003_read_stream.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("ops_streams", "0002_check_moves"), ("ops_engine", "0001_initial")]

    operations = [
        migrations.RunSQL(READ_STREAM, "DROP FUNCTION ops_streams_read(text, integer, integer, integer, bigint)")
    ]
