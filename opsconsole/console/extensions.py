"""What a host app may tell the console: a `console` module, found as Django finds `admin`."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.apps import apps
from django.core.cache import cache as kept

FRESH = 60  # seconds that names of tenants are kept


@cache
def modules() -> tuple[ModuleType, ...]:
    """The `console` module of every installed app that has one."""
    names = [f"{config.name}.console" for config in apps.get_app_configs()]
    return tuple(import_module(name) for name in names if find_spec(name))


def tenant_labels() -> dict[str, str]:
    """What tenants are called: the union of every app's `tenant_labels()`."""
    labels: dict[str, str] = kept.get_or_set("ops_console.tenants", _ask_for_tenants, FRESH)
    return labels


def _ask_for_tenants() -> dict[str, str]:
    labels: dict[str, str] = {}
    for module in modules():
        if ask := getattr(module, "tenant_labels", None):
            labels |= ask()
    return labels
