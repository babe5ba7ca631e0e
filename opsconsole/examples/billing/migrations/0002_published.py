"""What keeps published reports as they are; reasons are in the SQL."""

from pathlib import Path

from django.db import migrations

PUBLISHED = Path(__file__).with_name("0002_published.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        migrations.RunSQL(
            PUBLISHED,
            "DROP FUNCTION reports_refuse_document() CASCADE;"
            "DROP FUNCTION reports_refuse_report() CASCADE;"
            "ALTER TABLE reports_document DROP CONSTRAINT reports_document_of_report;"
            "ALTER TABLE reports_report DROP CONSTRAINT reports_report_key",
        )
    ]
