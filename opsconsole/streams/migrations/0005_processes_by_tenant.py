"""A tenant's processes are found along an index of their own, as its commands are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ops_streams", "0004_contracts"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="process",
            index=models.Index(
                models.F("tenant"),
                models.F("id"),
                condition=models.Q(("tenant", ""), _negated=True),
                name="ops_streams_process_tenant",
            ),
        ),
    ]
