"""The ledger entry as a Django task."""

from tests.benchmarks.models import Ledger
from tests.benchmarks.settings import DJANGO_HAS_TASKS

if DJANGO_HAS_TASKS:
    from django.tasks import task
else:
    from django_tasks import task


@task
def write_ledger(number: int, text: str) -> None:
    Ledger._default_manager.create(number=number, text=text)
