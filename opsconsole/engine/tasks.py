"""Celery's entry points: a wake-up arrives, a drain begins."""

from typing import Any

from celery import Task, shared_task
from celery.signals import worker_process_init, worker_process_shutdown

from opsconsole.engine import draining
from opsconsole.engine.aside import aside
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.keeping import connection_of


@shared_task(name="opsconsole.drain", ignore_result=True, bind=True)
def drain(self: "Task[Any, Any]", queue: str) -> None:
    with connection_of(self):
        draining.drain(queue)


@shared_task(name="opsconsole.react", ignore_result=True, bind=True)
def react(self: "Task[Any, Any]") -> None:
    with connection_of(self):
        draining.react()


@worker_process_init.connect
def begin(**kwargs: object) -> None:
    heart.is_replaceable = True  # the pool starts another process; for the solo pool, whatever runs the worker does
    heart.start()


@worker_process_shutdown.connect
def end(**kwargs: object) -> None:
    aside.finish()
    heart.leave()
