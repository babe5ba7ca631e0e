"""Subscribers are told of events, over real HTTP on this machine."""

import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from opsconsole.engine import operations
from opsconsole.engine.models import Attempt
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import run_until_idle
from opsconsole.examples.academics.admitting import hire_teacher
from opsconsole.examples.academics.commands import CallWebhook
from opsconsole.examples.academics.configuration import academics_settings
from opsconsole.examples.academics.events import ALL
from opsconsole.examples.academics.models import (
    Institution,
    Teacher,
    WebhookAttempt,
    WebhookCall,
    WebhookSubscription,
)
from opsconsole.examples.academics.webhooks.sink import WebhookSink
from opsconsole.kernel.signing import is_authentic
from tests.examples.academics import builders
from tests.examples.academics.postoffice import PostOffice

KEY = "a-key-of-sixteen-or-more"
Answer = Callable[[BaseHTTPRequestHandler], None]


class Receiver(ThreadingHTTPServer):
    """Keeps what it is sent, and answers as told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: Answer = status(204)


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append((self.path, headers, body))
        self.server.answer(self)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer


@pytest.fixture
def receiver(mail: PostOffice, settings: Any) -> Iterator[Receiver]:
    settings.ACADEMICS = {"webhook_loopback": True, "webhook_timeout": 5.0}
    server = Receiver()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def institution(mail: PostOffice) -> Institution:
    return builders.institution("Universidade Aurora")


def subscribe(receiver: Receiver, **fields: Any) -> WebhookSubscription:
    defaults = {
        "name": "Partner",
        "url": f"http://127.0.0.1:{receiver.server_port}/hook?x=1",
        "key": KEY,
        "event_types": ["academics.teacher_created"],
    }
    return WebhookSubscription.objects.create(**(defaults | fields))


def hire(institution: Institution) -> Teacher:
    teacher = Teacher(institution=institution, name="Lia Dias", email=f"lia{time.monotonic_ns()}@x.example")
    hire_teacher(teacher)
    return teacher


def calls() -> list[StoredCommand]:
    return list(StoredCommand.objects.filter(type="academics.call_webhook").order_by("id"))


def test_a_matching_event_is_told_signed_and_with_an_idempotency_key(
    receiver: Receiver, institution: Institution
) -> None:
    subscribe(receiver)
    teacher = hire(institution)
    run_until_idle()
    ((path, headers, body),) = receiver.received
    assert path == "/hook?x=1"
    event = StoredEvent.objects.get(type="academics.teacher_created")
    told = json.loads(body)
    assert told["id"] == str(event.pk) and told["type"] == event.type
    assert told["data"] == {"teacher_id": teacher.pk} and told["tenant"] == institution.tenant
    (command,) = calls()
    assert headers["idempotency-key"] == str(command.pk)
    assert headers["content-type"] == "application/json"
    assert headers["host"] == f"127.0.0.1:{receiver.server_port}"
    stamp = int(headers["webhook-timestamp"])
    signature = headers["webhook-signature"]
    assert is_authentic(KEY, headers["webhook-id"], stamp, body, signature, now=int(time.time()))
    attempt = WebhookAttempt.objects.get()
    assert (attempt.number, attempt.status_code, attempt.command_id) == (1, 204, command.pk)
    assert attempt.latency.total_seconds() > 0
    assert WebhookCall.objects.get().delivered_at is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"event_types": ["academics.student_created"]},
        {"is_active": False},
        {"institution": "other"},
    ],
)
def test_others_are_not_told(receiver: Receiver, institution: Institution, fields: dict[str, Any]) -> None:
    if "institution" in fields:
        fields = {"institution": builders.institution()}
    subscribe(receiver, **fields)
    hire(institution)
    run_until_idle()
    assert not receiver.received and not calls()


def test_a_subscription_of_one_institution_hears_of_it_only(receiver: Receiver, institution: Institution) -> None:
    subscribe(receiver, institution=institution)
    hire(builders.institution())
    hire(institution)
    run_until_idle()
    ((_, _, body),) = receiver.received
    assert json.loads(body)["tenant"] == institution.tenant


def test_every_event_of_the_system_may_be_subscribed_to() -> None:
    from opsconsole.engine.registry import reactions_to
    from opsconsole.examples.academics.handlers.webhooks import tell_subscribers

    assert all(tell_subscribers in reactions_to(event.__contract__.name) for event in ALL)


def test_a_refused_call_is_kept_and_retried_after_the_stated_delays(
    receiver: Receiver, institution: Institution
) -> None:
    subscribe(receiver)
    receiver.answer = status(503, b"busy \0 now" + b"x" * 9000)
    hire(institution)
    run_until_idle()
    (command,) = calls()
    first = Attempt.objects.get(subject_id=command.pk)
    assert command.status == "pending"
    assert round((first.retry_at - first.ended_at).total_seconds()) == 60
    run_until_idle(ignore_due_times=True)
    delays = [
        round((attempt.retry_at - attempt.ended_at).total_seconds())
        for attempt in Attempt.objects.filter(subject_id=command.pk, retry_at__isnull=False).order_by("number")
    ]
    assert delays == [60, 300, 1800]
    (command,) = calls()
    assert command.status == "error" and "answered 503" in command.error
    tries = WebhookAttempt.objects.order_by("number")
    assert [attempt.number for attempt in tries] == [1, 2, 3, 4]
    assert {attempt.status_code for attempt in tries} == {503}
    assert tries[0].response_body.startswith("busy  now") and len(tries[0].response_body) == 4095
    bodies = {body for _, _, body in receiver.received}
    assert len(bodies) == 1, "the body is the same at every try"


def test_a_failed_call_can_be_reprocessed_with_the_same_key(receiver: Receiver, institution: Institution) -> None:
    subscribe(receiver)
    receiver.answer = status(500)
    hire(institution)
    run_until_idle(ignore_due_times=True)
    receiver.answer = status(200, b"thanks")
    (failed,) = calls()
    operations.reprocess_commands([failed.pk], actor="ana")
    run_until_idle()
    assert WebhookAttempt.objects.filter(status_code=200, number=5).exists()
    assert len({headers["idempotency-key"] for _, headers, _ in receiver.received}) == 1
    assert WebhookCall.objects.get().delivered_at is not None


def test_a_redirect_is_an_answer_and_not_followed(receiver: Receiver, institution: Institution) -> None:
    subscribe(receiver)
    receiver.answer = status(307, Location="http://169.254.169.254/latest")
    hire(institution)
    run_until_idle()
    assert len(receiver.received) == 1
    assert WebhookAttempt.objects.get().status_code == 307
    assert calls()[0].status == "pending"


def drip(request: BaseHTTPRequestHandler) -> None:
    """Say a little for ever, so that no single read times out."""
    try:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(10_000):
            request.wfile.write(b"X-%d: y\r\n" % number if number < 50 else b"X")
            request.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass


def test_an_answer_that_drips_is_broken_off_in_time(
    receiver: Receiver, institution: Institution, settings: Any
) -> None:
    settings.ACADEMICS = {"webhook_loopback": True, "webhook_timeout": 0.6}
    subscribe(receiver)
    receiver.answer = drip
    begun = time.monotonic()
    hire(institution)
    run_until_idle()
    assert time.monotonic() - begun < 4
    attempt = WebhookAttempt.objects.get()
    assert attempt.status_code is None and "within 0.6 s" in attempt.problem


def test_nobody_listening_is_a_problem_of_the_attempt(receiver: Receiver, institution: Institution) -> None:
    subscribe(receiver)
    receiver.shutdown()
    receiver.server_close()
    hire(institution)
    run_until_idle()
    assert "ConnectionRefusedError" in WebhookAttempt.objects.get().problem


@pytest.mark.parametrize("noise", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"])
def test_an_answer_that_is_no_http_is_a_problem_of_the_attempt(
    receiver: Receiver, institution: Institution, noise: bytes
) -> None:
    subscribe(receiver)
    receiver.answer = lambda request: request.wfile.write(noise)
    hire(institution)
    run_until_idle()
    attempt = WebhookAttempt.objects.get()
    assert attempt.status_code is None and attempt.problem


def test_loopback_is_forbidden_outside_the_demonstration(
    receiver: Receiver, institution: Institution, settings: Any
) -> None:
    settings.ACADEMICS = {}
    settings.DEMO = False
    assert not academics_settings().webhook_loopback
    subscribe(receiver)
    hire(institution)
    run_until_idle()
    assert not receiver.received
    assert "not a public address" in WebhookAttempt.objects.get().problem


@pytest.mark.parametrize("end", ["switched off", "removed"])
def test_a_subscription_that_ended_meanwhile_cancels_its_calls(
    receiver: Receiver, institution: Institution, end: str
) -> None:
    subscription = subscribe(receiver)
    receiver.answer = status(503)
    hire(institution)
    run_until_idle()
    if end == "removed":
        subscription.delete()
    else:
        WebhookSubscription.objects.update(is_active=False)
    run_until_idle(ignore_due_times=True)
    (command,) = calls()
    assert command.status == "cancelled" and end in command.error
    assert len(receiver.received) == 1


def test_the_sink_of_the_demonstration_checks_signatures(mail: PostOffice, settings: Any) -> None:
    settings.ACADEMICS = {"webhook_loopback": True}
    sink = WebhookSink(lambda: KEY)
    sink.start()
    try:
        subscription = WebhookSubscription.objects.create(
            name="Sink", url=sink.url, key=KEY, event_types=["academics.teacher_created"]
        )
        institution = builders.institution()
        hire(institution)
        run_until_idle()
        subscription.key = "another key, sixteen letters"
        subscription.save()
        hire(institution)
        run_until_idle()
    finally:
        sink.shutdown()
        sink.server_close()
    assert list(WebhookAttempt.objects.order_by("id").values_list("status_code", flat=True)) == [204, 401]


def test_the_contract_of_calls_names_the_delays() -> None:
    assert CallWebhook.__contract__.retry.describe() == "retries after 60 s, 300 s, 1800 s"
