"""Which release a subscription belongs to; deadlines are looked for by process."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ops_streams", "0003_read_stream"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="process",
            name="ops_streams_process_deadline",
        ),
        migrations.AddField(
            model_name="subscription",
            name="contract",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Of the release that migrated last; code with another one leaves it alone.",
                max_length=64,
            ),
        ),
        migrations.AddIndex(
            model_name="process",
            index=models.Index(
                models.F("type"),
                models.F("deadline_at"),
                condition=models.Q(("deadline_at__isnull", False)),
                name="ops_streams_process_deadline",
            ),
        ),
    ]
