"""Celery's entry point: a subscription is behind, or a process has waited long enough."""

from typing import Any

from celery import Task, shared_task

from opsconsole.engine.keeping import connection_of
from opsconsole.streams import following


@shared_task(name="opsconsole.follow", ignore_result=True, bind=True)
def follow(self: "Task[Any, Any]") -> None:
    with connection_of(self):
        following.follow()
