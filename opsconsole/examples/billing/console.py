"""What the console learns about billing: an entry of the rail."""

from opsconsole.console.extensions import Entry
from opsconsole.examples.billing.voiding.views import SEE

ENTRIES = (Entry("Document voiding", "cancelled", "voiding:page", SEE),)
