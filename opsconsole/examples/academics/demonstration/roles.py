"""Two roles for the console, and a user for each."""

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.db.models import Q

ACTIONS = (
    "retry_command",
    "reprocess_command",
    "cancel_command",
    "reprocess_event",
    "reprocess_batch",
    "cancel_batch",
    "resume_workflow",
)
APPS = ("ops_engine", "ops_streams", "ops_schedules", "ops_console", "ops_api", "academics", "billing", "lending")
SEES = Q(content_type__app_label__in=APPS, codename__startswith="view_")
ACTS = Q(content_type__app_label="ops_engine", codename__in=ACTIONS)
OF_OTHERS = (
    ("ops_streams", ("move_process", "pause_subscription", "retry_subscription", "skip_event", "rebuild_projection")),
    ("ops_schedules", ("pause_schedule", "resume_schedule", "run_schedule", "skip_run")),
    ("ops_api", ("add_token", "revoke_token", "send_job", "send_command", "emit_event")),
    ("billing", ("void_document", "publish_report")),
)
for app, codenames in OF_OTHERS:
    ACTS |= Q(content_type__app_label=app, codename__in=codenames)
TURNS_THE_KNOB = Q(content_type__app_label="academics", codename="change_mailrefusal")
ROLES = {"viewer": SEES, "operator": SEES | ACTS | TURNS_THE_KNOB}


def make_roles() -> None:
    """Groups `viewer` and `operator`, each with a user of that name.

    Where there is an administrator, both sign in with the administrator's password: it is a demonstration.
    """
    users = get_user_model().objects
    administrator = users.filter(is_superuser=True).order_by("pk").first()
    password = administrator.password if administrator else make_password(None)
    for name, allowed in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set(Permission.objects.filter(allowed))
        user, is_new = users.get_or_create(username=name, defaults={"is_staff": True, "password": password})
        if is_new:
            user.groups.add(group)
