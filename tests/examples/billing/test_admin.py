"""The tables of both services in the admin: to be looked at."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from opsconsole.examples.billing.models import Document, Report, ReportedDocument
from tests.console.visitors import logged_in, look
from tests.examples.billing.paperwork import acknowledge, failed, issued, report_of, the_process, void

pytestmark = pytest.mark.usefixtures("paperwork")

MODELS = (Document, Report, ReportedDocument)


@pytest.fixture
def client() -> Iterator[Client]:
    yield logged_in(User.objects.create_superuser("ana"))
    User.objects.all().delete()


def address(model: type, page: str, *args: object) -> str:
    return reverse(f"admin:billing_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_rows_can_be_found_and_looked_at_and_not_be_changed(client: Client, model: type) -> None:
    void(issued())
    pk = model.objects.get().pk
    found = look(client, address(model, "changelist") + f"?q={pk}").links
    assert [link for link in found if link.startswith(address(model, "change", pk))]
    change = look(client, address(model, "change", pk))
    assert not change.having("name", "_save")
    assert client.post(address(model, "change", pk), {}).status_code == 403
    assert client.get(address(model, "add")).status_code == 403
    assert client.post(address(model, "delete", pk), {"post": "yes"}).status_code == 403


def test_a_document_names_the_processes_about_it(client: Client) -> None:
    document = issued()
    assert "none" in look(client, address(Document, "change", document.pk)).text
    process = failed(document)
    acknowledge(process)
    void(document)
    page = look(client, address(Document, "change", document.pk))
    text = page.text
    assert text.index(f"{the_process().pk} marking_failed") < text.index(f"{process.pk} failure_acknowledged")


def test_a_report_leads_to_its_documents(client: Client) -> None:
    document = issued(7)
    issued(5, customer="Alder Foods")
    report = report_of(document)
    page = look(client, address(Report, "changelist"))
    (link,) = [link for link in page.links if str(report.pk) in link and "exact" in link]
    documents = look(client, link)
    assert str(document.pk) in documents.text
    assert "1 reported document" in documents.text
