"""The engine's rows, as the console lists and shows them, and what may be done to them."""

from django.apps import apps

from opsconsole.api.mounting import Mount
from opsconsole.api.resources import batches, commands, events, workflows

ROOT = "/api/v1"

MOUNTS = [
    Mount(f"{ROOT}/events", events.router, "Events"),
    Mount(f"{ROOT}/commands", commands.router, "Commands"),
    Mount(f"{ROOT}/batches", batches.router, "Batches"),
    Mount(f"{ROOT}/workflows", workflows.router, "Workflows"),
]
if apps.is_installed("opsconsole.streams"):
    from opsconsole.api.resources import processes, subscriptions

    MOUNTS += [
        Mount(f"{ROOT}/processes", processes.router, "Processes"),
        Mount(f"{ROOT}/subscriptions", subscriptions.router, "Subscriptions"),
    ]
