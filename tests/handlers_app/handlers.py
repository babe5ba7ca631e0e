"""Handlers that play the test's script, and those that real worker processes run in the chaos tests."""

import os
import signal
import threading
import time

from django.db import transaction

from opsconsole.engine import Reacting, Work, handles, reacts_to
from tests.handlers_app import messages, scripts
from tests.handlers_app.models import Entry

for _message in (
    messages.Act,
    messages.ActAgain,
    messages.ActSoon,
    messages.ActUrgently,
    messages.ActElsewhere,
    messages.ActBriefly,
    messages.ActVersioned,
):
    handles(_message)(scripts.play)

handles(messages.ActOutside, atomic=False)(scripts.play)
handles(messages.ActTogether, atomic=False, threads=4)(scripts.play)


@reacts_to(messages.Happened)
def react(event: messages.Happened, work: Reacting) -> None:
    scripts.react(event, work)


@handles(messages.Record)
def record(command: messages.Record, work: Work) -> None:
    time.sleep(command.milliseconds / 1000)  # a handler at work, not a wait for anything
    Entry.objects.create(command_id=work.id)


@handles(messages.RecordOutside, atomic=False, threads=4)
def record_outside(command: messages.RecordOutside, work: Work) -> None:
    time.sleep(command.milliseconds / 1000)
    with transaction.atomic():
        Entry.objects.get_or_create(command_id=work.id)


@handles(messages.KillWorker)
def kill_worker(command: messages.KillWorker, work: Work) -> None:
    Entry.objects.create(command_id=work.id)
    os.kill(os.getpid(), signal.SIGKILL)


@handles(messages.KillWorkerOutside, atomic=False, threads=4)
def kill_worker_outside(command: messages.KillWorkerOutside, work: Work) -> None:
    time.sleep(command.milliseconds / 1000)
    if command.is_deadly:
        os.kill(os.getpid(), signal.SIGKILL)


@handles(messages.Wait)
def wait(command: messages.Wait, work: Work) -> None:
    work.log("began", worker=os.getpid())
    while not Entry.objects.filter(note=command.text).exists():
        time.sleep(0.01)
    Entry.objects.create(command_id=work.id)


@handles(messages.Hang)
def hang(command: messages.Hang, work: Work) -> None:
    threading.Event().wait()


@reacts_to(messages.Fatal)
def die(event: messages.Fatal, work: Reacting) -> None:
    if event.is_deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    work.send(messages.Record(number=event.number))


@handles(messages.CloseMatter)
def close_matter(command: messages.CloseMatter, work: Work) -> None:
    work.emit(messages.MatterClosed())
