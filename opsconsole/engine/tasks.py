"""Celery's entry points: a wake-up arrives, a drain begins."""

from celery import shared_task
from celery.signals import worker_process_init, worker_process_shutdown

from opsconsole.engine import draining
from opsconsole.engine.heartbeat import heart


@shared_task(name="opsconsole.drain", ignore_result=True)
def drain(queue: str) -> None:
    draining.drain(queue)


@shared_task(name="opsconsole.react", ignore_result=True)
def react() -> None:
    draining.react()


@worker_process_init.connect
def begin(**kwargs: object) -> None:
    heart.is_replaceable = True  # the pool starts another process; for the solo pool, whatever runs the worker does
    heart.start()


@worker_process_shutdown.connect
def end(**kwargs: object) -> None:
    heart.leave()
