"""A type of job whose effects can be counted."""

from opsconsole.api.jobs import job
from tests.handlers_app.messages import Record

job("Record", payload_type="Tests.RecordPayload")(Record)
