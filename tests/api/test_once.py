"""A POST with a key happens once: whoever repeats it, whoever comes at the same time, whatever crashes in between."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from opsconsole.api import keeping, once
from opsconsole.api.models import IdempotentAnswer, JobKey, Token
from opsconsole.embedded.waiting import wait_until
from opsconsole.engine.models import Command
from opsconsole.engine.testing import frozen_at
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from tests.api.callers import Program, a_program
from tests.api.test_jobs import QUICK, SEND, VIEW
from tests.concurrency.races import PATIENCE, at_once, rounds

KEY = "idempotency-key"


def sent(program: Program, key: str, **changes: Any) -> Any:
    return program.post("/jobs", {**QUICK, **changes}, **{KEY: key})


@pytest.mark.django_db
class TestRepeating:
    @pytest.fixture
    def program(self) -> Program:
        return a_program(SEND, VIEW)

    def test_the_same_is_answered_the_same_and_done_once(self, program: Program):
        first, again = sent(program, "a"), sent(program, "a")
        assert again.content == first.content
        assert again.headers["Location"] == first.headers["Location"]
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (202, "true")
        assert "Idempotency-Replayed" not in first.headers
        assert Command.objects.count() == 1

    def test_however_it_is_written(self, program: Program):
        sent(program, "a")
        turned = program.client.post(
            "/jobs", str(dict(reversed(QUICK.items()))).replace("'{", '"{').replace("}'", '}"').replace("'", '"')
            .replace('{"To": "user@example.com"}', '{\\"To\\": \\"user@example.com\\"}'),
            content_type="application/json", headers={KEY: "a"},
        )  # fmt: skip
        assert turned.status_code == 202, turned.content
        assert Command.objects.count() == 1

    def test_something_else_with_the_key_is_a_conflict(self, program: Program):
        sent(program, "a")
        answer = sent(program, "a", priority=1)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:opsconsole:problem:key-of-another-request")
        assert Command.objects.count() == 1

    def test_a_refusal_leaves_the_key_free(self, program: Program):
        assert sent(program, "a", type="Nothing").status_code == 422
        assert not IdempotentAnswer.objects.exists()
        assert sent(program, "a").status_code == 202

    def test_keys_are_those_of_a_caller_and_of_an_address(self, program: Program):
        sent(program, "a")
        assert sent(a_program(SEND), "a").headers.get("Idempotency-Replayed") is None
        other = program.post("/api/v1/events", {"type": "tests.ignored"}, **{KEY: "a"})
        assert other.status_code == 403
        assert Command.objects.count() == 2

    def test_an_answer_lost_with_its_mistake_is_not_kept(self, program: Program, monkeypatch: pytest.MonkeyPatch):
        def fail(*args: Any) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as broken:
            broken.setattr(once, "_keep", fail)  # the work is done, and its answer cannot be kept
            assert sent(program, "a").status_code == 500
        assert not Command.objects.exists()
        assert sent(program, "a").status_code == 202

    @pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "é"])
    def test_a_key_that_is_none(self, program: Program, key: str):
        assert sent(program, key).status_code == 400
        assert not Command.objects.exists()

    def test_it_is_forgotten_after_its_time(self, program: Program, settings: Any):
        settings.OPSCONSOLE_API = {"answers_kept": 60.0}
        with frozen_at(clock.now()) as time:
            sent(program, "a")
            assert keeping.drop_old_answers() == 0
            time.advance(timedelta(seconds=61))
            assert keeping.drop_old_answers() == 1
            assert sent(program, "a").headers.get("Idempotency-Replayed") is None

    @pytest.mark.parametrize("changes", [{}, {"priority": 1}])
    def test_it_is_forgotten_after_its_time_though_nobody_has_cleaned_up(
        self, program: Program, settings: Any, changes: dict[str, Any]
    ):
        settings.OPSCONSOLE_API = {"answers_kept": 60.0}
        with frozen_at(clock.now()) as time:
            first = sent(program, "a")
            time.advance(timedelta(seconds=61))
            assert sent(program, "a", type="Nothing").status_code == 422
            second = sent(program, "a", **changes)
            assert (second.status_code, second.headers.get("Idempotency-Replayed")) == (202, None)
            assert second.json()["id"] != first.json()["id"]
            assert sent(program, "a", **changes).json() == second.json()
            assert IdempotentAnswer.objects.count() == 1


@pytest.mark.usefixtures("database")
class TestAtOnce:
    @pytest.fixture
    def programs(self) -> Any:
        from django.contrib.auth.models import User

        from opsconsole.api import tokens

        user = User.objects.create_superuser("racer")
        _, secret = tokens.make("races", user, [SEND, VIEW], per_minute=1_000_000)
        yield lambda: Program(secret)
        Token.objects.all().delete()
        user.delete()

    @rounds(5, 200)
    def test_of_many_with_one_key_one_is_done_and_all_hear_the_same(self, programs: Any, rounds: int):
        for number in range(rounds):
            answers = at_once(*[lambda number=number: sent(programs(), f"k{number}")] * 6)
            assert {answer.status_code for answer in answers} == {202}
            assert len({answer.content for answer in answers}) == 1
            assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
            assert Command.objects.count() == number + 1

    def test_of_many_who_come_when_its_time_is_over_one_does_it_again(self, programs: Any):
        sent(programs(), "a")
        IdempotentAnswer.objects.update(created_at=clock.now() - timedelta(days=2))
        answers = at_once(*[lambda: sent(programs(), "a")] * 6)
        assert len({answer.content for answer in answers}) == 1
        assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
        assert Command.objects.count() == 2

    def test_one_whose_place_was_just_taken_is_not_cleaned_up_with_the_old_one(self, programs: Any):
        """Else whoever repeats it does it twice."""
        sent(programs(), "a")
        IdempotentAnswer.objects.update(created_at=clock.now() - timedelta(days=2))
        with ThreadPoolExecutor(1) as cleaner:
            with transaction.atomic():
                assert "Idempotency-Replayed" not in sent(programs(), "a")
                dropping = cleaner.submit(_drop)
                assert wait_until(_somebody_waits, PATIENCE)
            assert dropping.result(PATIENCE) == 0
        assert "Idempotency-Replayed" in sent(programs(), "a")

    @rounds(5, 200)
    def test_of_many_jobs_with_one_key_in_the_body_one_is_there(self, programs: Any, rounds: int):
        for number in range(rounds):
            post = [lambda number=number: programs().post("/jobs", {**QUICK, "idempotencyKey": f"k{number}"})]
            answers = at_once(*post * 6)
            assert {answer.status_code for answer in answers} == {202}
            assert len({answer.json()["id"] for answer in answers}) == 1
            assert Command.objects.count() == JobKey.objects.count() == number + 1

    def test_whoever_comes_second_waits_and_does_it_when_the_first_has_crashed(
        self, programs: Any, monkeypatch: pytest.MonkeyPatch
    ):
        """The first one's connection is killed after its work and before its commit."""
        begun, go_on = threading.Event(), threading.Event()
        kept = once._keep

        def crash(*args: Any) -> None:
            kept(*args)
            monkeypatch.setattr(once, "_keep", kept)
            begun.set()
            go_on.wait(PATIENCE)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        monkeypatch.setattr(once, "_keep", crash)

        def first() -> Any:
            return sent(programs(), "a")

        def second() -> Any:
            assert begun.wait(PATIENCE)
            threading.Timer(0.3, go_on.set).start()
            return sent(programs(), "a")

        crashed, done = at_once(first, second)
        assert (crashed.status_code, done.status_code) == (503, 202)
        assert "Idempotency-Replayed" not in done.headers
        assert Command.objects.count() == IdempotentAnswer.objects.count() == 1

    def test_a_read_is_no_transaction_even_where_requests_are(self, programs: Any, monkeypatch: pytest.MonkeyPatch):
        """Else those of one token would wait for each other from their admission on."""
        monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
        seen = []

        def note() -> Any:
            seen.append(connection.in_atomic_block)
            return clock.now()

        monkeypatch.setattr("opsconsole.api.jobs.endpoints.database_now", note)
        assert programs().get("/jobs").status_code == 200
        assert seen == [False]

    def test_nobody_waits_for_ever_without_a_key_either(self, programs: Any, settings: Any):
        settings.OPSCONSOLE_API = {"patience": 0.2}
        body = {**QUICK, "idempotencyKey": "a"}
        with transaction.atomic():
            JobKey.objects.create(key="a", fingerprint="", command_id=uuid7())
            (answer,) = at_once(lambda: programs().post("/jobs", body))
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:opsconsole:problem:busy")
            transaction.set_rollback(True)
        assert programs().post("/jobs", body).status_code == 202

    def test_nobody_waits_for_ever(self, programs: Any, settings: Any):
        settings.OPSCONSOLE_API = {"patience": 0.2}
        program = programs()
        token = Token.objects.get()
        with transaction.atomic():
            IdempotentAnswer.objects.create(
                caller=f"token:{token.pk}", place="/jobs", key="a", fingerprint="", status=0, body=""
            )
            (answer,) = at_once(lambda: sent(program, "a"))
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:opsconsole:problem:busy")
            assert answer.headers["Retry-After"] == "1"
            transaction.set_rollback(True)
        assert sent(program, "a").status_code == 202


def _drop() -> int:
    try:
        return keeping.drop_old_answers()
    finally:
        connection.close()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")  # unlike activity, seen anew each time
        return bool(cursor.fetchone()[0])
