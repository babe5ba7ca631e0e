"""Jobs: commands of the engine as other programs know them. An app adds types of its own in its `jobs` module.

@job("SendInvoice", payload_type="Shop.SendInvoicePayload")
class SendInvoice(Command, name="shop.send_invoice", retry=Exponential(first=2, times=3)):
    invoice: int

A token of one tenant may send those whose command says `heeds_tenant=True`.
"""

from opsconsole.api.jobs.mail import SendEmail
from opsconsole.api.jobs.types import job

__all__ = ["SendEmail", "job"]
