"""The ledger entry as jobs of procrastinate, which looks for a module of this name."""

from procrastinate.contrib.django import app

from tests.benchmarks.models import Ledger


@app.task(name="bench.write_ledger")
def write_ledger(number: int, text: str) -> None:
    Ledger._default_manager.create(number=number, text=text)


@app.task(name="bench.write_ledger_async")
async def write_ledger_async(number: int, text: str) -> None:
    await Ledger._default_manager.acreate(number=number, text=text)
