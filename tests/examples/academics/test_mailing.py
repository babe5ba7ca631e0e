"""Letters over real SMTP, to the demonstration's own mail server."""

import smtplib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import OperationalError

from opsconsole.examples.academics.mailing import Letter, deliver
from opsconsole.examples.academics.mailsink import server
from opsconsole.examples.academics.mailsink.refusing import is_refused, reply_to
from opsconsole.examples.academics.models import MailRefusal, SentMail
from opsconsole.examples.academics.refusals import PermanentRefusal, TemporaryRefusal
from opsconsole.kernel import clock
from tests.examples.academics.postoffice import PostOffice

LETTER = Letter(to="ana@aurora.example", subject="Olá,\nAna", body="Coração é <b>vida</b>.", domain="aurora.example")


def test_a_letter_arrives_as_it_was_written(mail: PostOffice) -> None:
    deliver(LETTER, key="one")
    kept = SentMail.objects.get()
    assert kept.message_id == "<one@aurora.example>"
    assert (kept.sender, kept.recipient) == ("secretaria@aurora.example", "ana@aurora.example")
    assert kept.subject == "Olá, Ana"
    assert kept.body.strip() == LETTER.body


def test_the_same_key_is_the_same_message_however_often_it_arrives(mail: PostOffice) -> None:
    for _ in range(3):
        deliver(LETTER, key="one")
    deliver(LETTER, key="two")
    assert list(SentMail.objects.order_by("id").values_list("copies", flat=True)) == [3, 1]


@pytest.mark.parametrize(
    ("reply", "refusal", "code"),
    [("temporary", TemporaryRefusal, 451), ("permanent", PermanentRefusal, 550)],
)
def test_a_refused_recipient_is_told_apart_by_its_code(
    mail: PostOffice, reply: str, refusal: type[Exception], code: int
) -> None:
    MailRefusal.objects.create(share=100, reply=reply)
    with pytest.raises(refusal, match=str(code)) as raised:
        deliver(LETTER, key="one")
    assert raised.value.code == code
    assert not SentMail.objects.exists()


def test_a_server_that_is_away_is_no_refusal(mail: PostOffice) -> None:
    mail.close()
    with pytest.raises(OSError):
        deliver(LETTER, key="one")


def test_a_server_that_cannot_store_asks_to_come_back(mail: PostOffice, monkeypatch: Any) -> None:
    def away(*args: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(server, "keep", away)
    with pytest.raises(TemporaryRefusal, match="451"):
        deliver(LETTER, key="one")
    monkeypatch.undo()
    monkeypatch.setattr(server, "reply_to", away)
    with pytest.raises(TemporaryRefusal, match="451"):
        deliver(LETTER, key="one")


def test_a_message_too_large_is_refused_for_good(mail: PostOffice) -> None:
    huge = Letter(to=LETTER.to, subject="Huge", body="x" * (server.LARGEST + 1), domain=LETTER.domain)
    with pytest.raises(PermanentRefusal, match="552"):
        deliver(huge, key="one")


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: a\0b\r\n\r\nnul \0 inside",
        b"\xff\xfe\r\n\r\n\xff",
        b"Subject: =?nonsense?q?x?=\r\nContent-Type: text/plain; charset=klingon\r\n\r\nbody",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x--",
        b"",
    ],
)
def test_whatever_arrives_is_kept_and_breaks_nothing(mail: PostOffice, raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", mail.port, timeout=10) as client:
        client.sendmail("a@b.example", ["c@d.example"], raw)
    assert SentMail.objects.get().recipient == "c@d.example"


def test_html_is_kept_as_text(mail: PostOffice) -> None:
    message = EmailMessage()
    message["Subject"], message["Message-ID"] = "Seen", "<html@x.example>"
    message.set_content("<script>alert(1)</script>", subtype="html")
    with smtplib.SMTP("127.0.0.1", mail.port, timeout=10) as client:
        client.send_message(message, "a@b.example", ["c@d.example"])
    assert SentMail.objects.get().body.strip() == "<script>alert(1)</script>"


@pytest.mark.parametrize("share", [0, 12, 50, 100])
def test_the_refused_share_of_recipients_is_about_the_share(share: int) -> None:
    refused = sum(is_refused(f"student{number}@aurora.example", share) for number in range(5000))
    assert refused / 50 == pytest.approx(share, abs=2)


def test_a_higher_share_refuses_the_same_recipients_and_some_more() -> None:
    everybody = [f"student{number}@aurora.example" for number in range(500)]
    few, many = ({one for one in everybody if is_refused(one, share)} for share in (10, 40))
    assert few < many


@pytest.mark.django_db
def test_without_a_window_the_same_recipients_are_refused_until_the_knob_is_turned() -> None:
    MailRefusal.objects.create(share=30)
    everybody = [f"student{number}@aurora.example" for number in range(40)]

    def refused(at: datetime) -> set[str]:
        with clock.freeze(at):
            return {one for one in everybody if reply_to(one) is not None}

    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert refused(noon) == refused(noon + timedelta(days=400)) != set()
    MailRefusal.objects.update(window=60)
    assert refused(noon) != refused(noon + timedelta(seconds=60))
    between = {frozenset(refused(noon + timedelta(seconds=second))) for second in range(0, 60, 5)}
    assert len(between) > 3, "windows begin at different times"
    MailRefusal.objects.update(share=0)
    assert refused(noon) == set()
    with clock.freeze(noon):
        assert reply_to("somebody@nowhere.example") == "550 5.1.1 No such mailbox"
    MailRefusal.objects.update(share=100)
    assert reply_to("user@example.com") is None, "somebody follows a guide"
