"""Billing and reports share a language and nothing else: each could live elsewhere."""

import ast
from pathlib import Path

import pytest

from opsconsole.examples import billing
from opsconsole.examples.billing.models import Document, Report, ReportedDocument

APP = Path(billing.__file__).parent
BILLINGS, REPORTS = ("handlers/documents.py",), ("handlers/reports.py", "subscriptions.py")
BETWEEN = ("processes.py", "handlers/failures.py", "commands.py", "events.py")
OWN = "opsconsole.examples.billing."


def imported(file: str) -> set[str]:
    tree = ast.parse((APP / file).read_text())
    froms = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.removeprefix(OWN) for name in froms if name.startswith(OWN)}


@pytest.mark.parametrize("file", BILLINGS)
def test_billing_knows_its_own_table_only(file: str) -> None:
    assert imported(file) <= {"commands", "events", "slowing", "models.document"}


@pytest.mark.parametrize("file", REPORTS)
def test_reports_know_their_own_tables_only(file: str) -> None:
    assert imported(file) <= {"commands", "events", "slowing", "models.report"}


@pytest.mark.parametrize("file", BETWEEN)
def test_the_process_between_them_knows_no_table(file: str) -> None:
    assert not [name for name in imported(file) if name.startswith("models")]


def test_no_table_of_one_refers_to_one_of_the_other() -> None:
    related = {field.related_model for model in (Report, ReportedDocument) for field in model._meta.fields}
    assert Document not in related
    assert not [field for field in Document._meta.fields if field.is_relation]
    prefixes = {model: model._meta.db_table.split("_")[0] for model in (Document, Report, ReportedDocument)}
    assert prefixes == {Document: "billing", Report: "reports", ReportedDocument: "reports"}
