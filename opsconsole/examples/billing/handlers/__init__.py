"""What billing, reports and people do; a module each."""

from opsconsole.examples.billing.handlers import documents, failures, reports

__all__ = ["documents", "failures", "reports"]
