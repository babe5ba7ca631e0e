"""A tenant's workflows are found along an index of their own, as its commands are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ops_engine", "0003_finish_commands"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="workflow",
            index=models.Index(
                models.F("tenant"),
                models.F("id"),
                condition=models.Q(("tenant", ""), _negated=True),
                name="ops_engine_workflow_tenant",
            ),
        ),
    ]
