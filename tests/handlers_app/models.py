"""Effects that tests count."""

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
