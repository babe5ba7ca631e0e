"""The tables of the two services: `document` is billing's, `report` is that of reports."""

from opsconsole.examples.billing.models.document import Document
from opsconsole.examples.billing.models.report import Report, ReportedDocument

__all__ = ["Document", "Report", "ReportedDocument"]
