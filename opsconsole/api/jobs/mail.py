"""The type of job that ships: one e-mail to one address."""

from typing import Annotated

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, AliasChoices, Field
from pydantic_core import PydanticCustomError

from opsconsole.api.jobs.types import job
from opsconsole.engine import Command, Exponential


def _address(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise PydanticCustomError("email", "should be an e-mail address") from None
    return text


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("one_line", "should be one line of printable characters")
    return text


@job("SendEmail", payload_type="TaskFlow.Integrations.SendEmailPayload")
class SendEmail(Command, name="jobs.send_email", retry=Exponential(first=2, times=3, jitter=0.0), heeds_tenant=True):
    """Hands a message to the mail server; a server that refuses it is asked again after 2, 4 and 8 s."""

    to: Annotated[str, Field(max_length=320, validation_alias=AliasChoices("To", "to")), AfterValidator(_address)]
    subject: Annotated[
        str, Field(max_length=500, validation_alias=AliasChoices("Subject", "subject")), AfterValidator(_one_line)
    ] = ""
    body: Annotated[str, Field(max_length=100_000, validation_alias=AliasChoices("Body", "body"))] = ""
