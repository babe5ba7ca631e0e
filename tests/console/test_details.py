"""Details: everything about one row, and the way to everything around it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from opsconsole.engine.models import Attempt, Claim, Command, Pause, Runner, Step, Workflow
from opsconsole.engine.queries import details
from opsconsole.examples.academics.models import Institution
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from tests.console.visitors import look, somebody
from tests.past import a_batch, a_command, ago, an_event, caused_by, members

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def url_of(row: Any) -> str:
    return reverse(f"admin:ops_{type(row).__name__.lower()}", args=[row.pk])


def an_attempt(row: Any, number: int, outcome: str = "retry", **columns: Any) -> Attempt:
    now = clock.now()
    kind = type(row).__name__.lower()
    return Attempt.objects.create(
        subject_kind=kind, subject_id=row.pk, type=row.type, number=number, outcome=outcome,
        started_at=now, ended_at=now, **columns,
    )  # fmt: skip


def a_workflow(**columns: Any) -> Workflow:
    return Workflow.objects.create(name="tests.flow", correlation_id=uuid7(), **columns)


class TestNavigation:
    """From cause to effect and back, everywhere."""

    def both_ways(self, operator: Client, cause: Any, effect: Any) -> None:
        assert url_of(effect) in look(operator, url_of(cause)).links, "the cause does not lead to its effect"
        assert url_of(cause) in look(operator, url_of(effect)).links, "the effect does not lead to its cause"

    def test_between_an_event_and_its_commands(self, operator: Client) -> None:
        event = an_event()
        self.both_ways(operator, event, a_command(**caused_by(event)))

    def test_between_an_event_and_its_batches(self, operator: Client) -> None:
        event = an_event()
        self.both_ways(operator, event, a_batch(**caused_by(event)))

    def test_between_a_command_and_its_subcommands(self, operator: Client) -> None:
        command = a_command()
        self.both_ways(operator, command, a_command(**caused_by(command)))

    def test_between_a_command_and_the_events_it_raised(self, operator: Client) -> None:
        command = a_command()
        self.both_ways(operator, command, an_event(**caused_by(command)))

    def test_between_a_command_and_the_batches_it_made(self, operator: Client) -> None:
        command = a_command()
        self.both_ways(operator, command, a_batch(**caused_by(command)))

    def test_between_a_failed_command_and_its_reprocessings(self, operator: Client) -> None:
        root = a_command("error")
        self.both_ways(operator, root, a_command(**caused_by(root, "reprocess")))

    def test_between_a_batch_and_its_members(self, operator: Client) -> None:
        batch = a_batch(1)
        (member,) = members(batch, success=1)
        self.both_ways(operator, batch, Command.objects.get(pk=member))

    def test_between_a_batch_and_what_follows_it(self, operator: Client) -> None:
        batch = a_batch()
        self.both_ways(operator, batch, a_command("awaiting", release_on="success", **caused_by(batch)))

    @pytest.mark.parametrize("kind", ["event", "command"])
    def test_between_a_workflow_and_what_started_it(self, operator: Client, kind: str) -> None:
        cause = an_event() if kind == "event" else a_command()
        self.both_ways(operator, cause, Workflow.objects.create(name="tests.flow", **caused_by(cause)))

    def test_between_a_workflow_and_its_steps(self, operator: Client) -> None:
        workflow = a_workflow()
        command, batch = a_command("awaiting", **caused_by(workflow)), a_batch(**caused_by(workflow))
        for number, target in enumerate((command, batch), 1):
            kind = type(target).__name__.lower()
            step = Step.objects.create(
                workflow=workflow, name=kind, number=number, target_kind=kind, target_id=target.pk
            )
            type(target).objects.filter(pk=target.pk).update(step_id=step.pk)
            self.both_ways(operator, workflow, target)

    def test_between_a_healed_command_and_what_healed_it(self, operator: Client) -> None:
        root = a_command("error")
        healer = a_command(**caused_by(root, "reprocess"))
        Command.objects.filter(pk=root.pk).update(healed_by=healer.pk)
        self.both_ways(operator, root, healer)

    def test_from_an_event_to_the_entity_that_raised_it(self, operator: Client) -> None:
        institution = Institution.objects.create(name="Faculty of Law", slug="law")
        event = an_event(source_model="academics.institution", source_id=str(institution.pk))
        source = reverse("admin:academics_institution_change", args=[institution.pk])
        assert source in look(operator, url_of(event)).links

    def test_not_to_an_entity_that_the_visitor_may_not_see(self) -> None:
        event = an_event(source_model="academics.institution", source_id="1")
        page = look(somebody("view_event"), url_of(event))
        assert "institution 1" in page.text
        assert not [link for link in page.links if "academics" in link]

    def test_a_cause_that_retention_has_dropped_is_named_without_a_link(self, operator: Client) -> None:
        gone = uuid7()
        page = look(operator, url_of(a_command(cause_kind="event", cause_id=gone)))
        assert "no longer kept" in page.text
        assert not [link for link in page.links if str(gone) in link]


class TestWhatIsTold:
    def test_of_an_event_when_what_and_how_long(self, operator: Client) -> None:
        event = an_event(data={"number": 7}, position=41_000, seconds=0.0123, metadata={"actor": "ben"})
        text = look(operator, url_of(event)).text
        for fact in ('"number"', "7", "41,000", "12 ms", f"{event.created_at:%Y-%m-%d %H:%M:%S}", "UTC", "ben"):
            assert fact in text

    def test_of_a_command_how_long_it_waited_and_ran(self, operator: Client) -> None:
        command = a_command(at=ago(HOUR), seconds=2.5)
        Command.objects.filter(pk=command.pk).update(started_at=command.created_at + timedelta(seconds=75))
        text = look(operator, url_of(command)).text
        assert "1 min 15 s" in text
        assert "2.50 s" in text

    def test_every_try_keeps_its_own_error_and_traceback(self, operator: Client) -> None:
        command = a_command("error", error="at last", error_class="Final", attempts=3)
        for number in (1, 2, 3):
            an_attempt(command, number, message=f"failure {number}", traceback=f"File number_{number}.py")
        text = look(operator, url_of(command)).text
        for number in (1, 2, 3):
            assert f"Try {number}" in text
            assert f"failure {number}" in text
            assert f"File number_{number}.py" in text

    def test_the_notes_of_the_handler(self, operator: Client) -> None:
        line = {"at": "2026-11-21T11:00:00.123456+00:00", "text": "connected", "host": "mail.example"}
        text = look(operator, url_of(a_command(log=[line]))).text
        assert "11:00:00.123" in text
        assert "connected host= mail.example" in text

    def test_progress_while_it_runs_but_not_that_of_another_in_the_same_claim(self, operator: Client) -> None:
        running, next_one = (self.claimed(place=place) for place in (1, 2))
        Claim.objects.update(progress={"command": str(running.pk), "done": 30, "total": 120, "note": "students"})
        assert "30 of 120 · students" in look(operator, url_of(running)).text
        assert "30 of 120" not in look(operator, url_of(next_one)).text

    def claimed(self, lease: timedelta = HOUR, place: int = 1) -> Command:
        claim = Claim.objects.first() or Claim.objects.create(
            id=uuid7(), kind="command", worker="worker-1", size=2, lease_until=clock.now() + lease
        )
        return a_command("processing", claim_id=claim.pk, place=place, started_at=clock.now())

    def test_a_lost_command_is_called_lost_with_the_evidence(self, operator: Client) -> None:
        text = look(operator, url_of(self.claimed(lease=-HOUR))).text
        assert "Lost: worker worker-1 stopped reporting" in text

    def test_the_retry_policy_in_words(self, operator: Client) -> None:
        assert "2 retries, 60 s apart" in look(operator, url_of(a_command(type="tests.act_again"))).text

    @pytest.mark.parametrize(("scope", "key"), [("type", "tests.act"), ("queue", "default"), ("tenant", "7")])
    def test_a_command_held_back_says_by_what_and_why(self, operator: Client, scope: str, key: str) -> None:
        Pause.objects.create(scope=scope, key=key, reason="mail server moves", paused_by="ben")
        text = look(operator, url_of(a_command("pending", tenant="7"))).text
        assert f"{scope} {key} is paused by ben" in text
        assert "mail server moves" in text

    def test_a_waiting_command_says_which_try_is_due_when(self, operator: Client) -> None:
        command = a_command("pending", attempts=1, max_attempts=3, not_before=clock.now() + HOUR)
        assert "Try 2 of 3 is due in" in look(operator, url_of(command)).text

    def test_a_due_command_says_so_and_that_nobody_is_there_to_take_it(self, operator: Client) -> None:
        command = a_command("pending", at=ago(HOUR))
        assert "No worker is alive" in look(operator, url_of(command)).text
        Runner.objects.create(name="w", kind="worker", host="h", pid=1)
        text = look(operator, url_of(command)).text
        assert "Due for 1 h 0 min" in text
        assert "No worker is alive" not in text

    def test_a_next_command_says_what_lets_it_go(self, operator: Client) -> None:
        command = a_command("awaiting", release_on="failure", **caused_by(a_batch()))
        assert "let go when it has failed" in look(operator, url_of(command)).text

    def test_of_a_batch_with_very_many_waiting_members_that_it_has_a_long_way_to_go(
        self, operator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch = a_batch(9)
        members(batch, success=2, error=3, pending=4)
        monkeypatch.setattr(details, "BOUND", 1)
        for counted, words in ((7, "5 of 9 ended"), (6, "More than 6 of 9 are yet to succeed")):
            monkeypatch.setattr(details, "COUNTED", counted)
            assert words in look(operator, reverse("admin:ops_batch", args=[batch.pk])).text

    def test_of_a_batch_how_many_members_stand_where(self, operator: Client) -> None:
        batch = a_batch(6)
        members(batch, success=3, pending=2, error=1)
        text = look(operator, url_of(batch)).text
        assert "4 of 6 ended" in text
        assert "3 success" in text
        assert "2 pending" in text

    def test_reprocessings_are_no_members_and_what_they_healed_is_told_apart(self, operator: Client) -> None:
        batch = a_batch(2)
        members(batch, success=1)
        healer = uuid7()
        root = a_command("error", batch_id=batch.pk, healed_by=healer, **caused_by(batch))
        a_command(id=healer, batch_id=batch.pk, **caused_by(root, "reprocess"))
        page = look(operator, url_of(batch))
        assert "2 of 2 ended" in page.text
        assert "1 healed" in page.text
        assert str(healer) not in page.rows()

    def test_many_subcommands_lead_to_a_list_of_them_all(self, operator: Client) -> None:
        parent = a_command()
        for number in range(52):
            a_command(at=ago(timedelta(seconds=number)), **caused_by(parent))
        assert f"/admin/engine/commands/?cause={parent.pk}" in look(operator, url_of(parent)).links


class TestOddities:
    @pytest.mark.parametrize("kind", ["event", "command", "batch", "workflow"])
    def test_an_unknown_id_explains_itself(self, operator: Client, kind: str) -> None:
        page = look(operator, reverse(f"admin:ops_{kind}", args=[uuid7()]), status=404)
        assert f"No {kind} has the id" in page.text

    def test_a_type_without_code_still_opens_and_says_why_it_cannot_run(self, operator: Client) -> None:
        text = look(operator, url_of(a_command("error", type="legacy.gone"))).text
        assert "No code here answers to the type “legacy.gone”" in text

    def test_a_payload_that_fits_no_longer_still_opens_and_says_why(self, operator: Client) -> None:
        text = look(operator, url_of(a_command("error", payload={"number": "many"}))).text
        assert "Its data does not fit its type today: number:" in text

    def test_a_payload_older_than_its_type_is_upcast_before_it_is_judged(self, operator: Client) -> None:
        command = a_command("error", type="tests.act_versioned", payload={"count": 3}, schema_version=1)
        assert "does not fit" not in look(operator, url_of(command)).text

    def test_a_huge_payload_is_cut_with_a_download_of_all(self, operator: Client) -> None:
        event = an_event(data={"text": "é" * 600_000})
        page = look(operator, url_of(event))
        assert "Only the beginning is shown" in page.text
        assert len(page.text) < 250_000
        download = operator.get(reverse("admin:ops_event_data", args=[event.pk]))
        assert download.json() == event.data
        assert "attachment" in download["Content-Disposition"]

    def test_markup_in_data_is_shown_not_obeyed(self, operator: Client) -> None:
        evil = '<img src=x onerror=alert(1)></pre><script>alert("x")</script>'
        command = a_command(
            "error", type=f"tests.{evil}"[:200], payload={evil: evil}, error=evil, error_class=evil[:100], tenant=evil,
            queue=evil[:60], metadata={"actor": evil}, log=[{"at": evil, "text": evil, evil: evil}],
        )  # fmt: skip
        an_attempt(command, 1, message=evil, traceback=evil, worker=evil)
        for url in (url_of(command), f"/admin/engine/commands/?tenant={evil}", f"/admin/engine/search/?q={evil}"):
            html = operator.get(url).content.decode()
            assert "<img src=x" not in html
            assert "<script>" not in html

    def test_the_flow_page_shows_what_shares_a_correlation_id_and_explains_when_nothing_does(
        self, operator: Client
    ) -> None:
        event = an_event()
        command = a_command(**caused_by(event))
        flow = look(operator, reverse("admin:ops_flow", args=[event.correlation_id]))
        assert {url_of(event), url_of(command)} <= set(flow.links)
        assert "Nothing here" in look(operator, reverse("admin:ops_flow", args=[uuid7()])).text


class TestSearch:
    def lands_on(self, operator: Client, text: object) -> str:
        return str(operator.get("/admin/engine/search/", {"q": text}).headers.get("Location", ""))

    def test_any_id_lands_on_its_row(self, operator: Client) -> None:
        for row in (an_event(), a_command(), a_batch(), a_workflow()):
            assert self.lands_on(operator, row.pk) == url_of(row)

    @pytest.mark.parametrize("form", ["{}", " {} ", '"{}"', "({})"])
    def test_an_id_is_known_with_what_was_copied_around_it(self, operator: Client, form: str) -> None:
        command = a_command()
        assert self.lands_on(operator, form.format(command.pk)) == url_of(command)
        assert self.lands_on(operator, form.format(command.pk.hex.upper())) == url_of(command)

    def test_a_correlation_id_that_is_no_row_lands_on_its_flow(self, operator: Client) -> None:
        flow: UUID = uuid7()
        a_command(correlation_id=flow)
        assert self.lands_on(operator, flow) == reverse("admin:ops_flow", args=[flow])

    def test_a_part_of_a_name_finds_types(self, operator: Client) -> None:
        page = look(operator, "/admin/engine/search/?q=activity_email")
        assert "/admin/engine/commands/?type=academics.send_activity_email" in page.links

    def test_an_unknown_id_is_explained(self, operator: Client) -> None:
        assert "Nothing you may see has this id" in look(operator, f"/admin/engine/search/?q={uuid7()}").text

    def test_what_one_may_not_see_is_not_found(self) -> None:
        command = a_command()
        visitor = somebody("view_event")
        assert self.lands_on(visitor, command.pk) == ""
        assert not look(visitor, "/admin/engine/search/?q=send_").links.count("/admin/engine/commands/")
