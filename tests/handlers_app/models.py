"""Effects that tests count."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Entry(models.Model):
    """One effect in the ledger. Deliberately not unique: a second effect must be seen, not prevented."""

    command_id = models.UUIDField(db_index=True)
    note = models.CharField(max_length=50, blank=True)

    class Meta:
        db_table = "tests_entry"


class Page(models.Model):
    """Its foreign key is checked at COMMIT, as Django makes them."""

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE)
    number = models.IntegerField(unique=True)

    class Meta:
        db_table = "tests_page"


class Tally(models.Model):
    """A read model: a row a key, with a number of its own besides."""

    key = models.CharField(primary_key=True, max_length=50)
    count = models.IntegerField(default=0)
    total = models.BigIntegerField(default=0)
    last = models.BigIntegerField(default=0, help_text="The position of the last event that changed it.")

    class Meta:
        db_table = "tests_tally"


class Kinds(models.Model):
    """A read model with columns of many kinds; its key is that of another table, which need not have it."""

    tally = models.OneToOneField(Tally, models.DO_NOTHING, primary_key=True, db_constraint=False)
    name = models.CharField(max_length=5, db_column="its name")
    amount = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    on = models.DateField(null=True)
    told = models.JSONField(default=dict)
    made_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    doubled = models.GeneratedField(
        expression=models.F("amount") * 2,
        output_field=models.DecimalField(max_digits=9, decimal_places=2),
        db_persist=True,
    )

    class Meta:
        db_table = "tests_kinds"


class Tagged(models.Model):
    """A read model with a column whose values are arrays themselves."""

    key = models.CharField(primary_key=True, max_length=50)
    tags = ArrayField(models.TextField(), default=list)

    class Meta:
        db_table = "tests_tagged"


class Seen(models.Model):
    """A read model with nothing but a key."""

    key = models.UUIDField(primary_key=True)

    class Meta:
        db_table = "tests_seen"
