"""Every operation, called as every role and from another tenant: it gives what its permission says, and no more."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from ninja.operation import Operation

from opsconsole.api.site import api
from tests.api.callers import Program, a_program, somebody
from tests.api.samples import MAKERS, TENANT, Made, body_for

pytestmark = pytest.mark.django_db

OPERATIONS = [
    pytest.param(path, method, operation, id=api().get_openapi_operation_id(operation))
    for path, method, operation in api().operations()
]
PERMISSIONS = sorted(
    {name for _, _, operation in api().operations() for name in operation.view_func.__needs__.permissions}
)
every_operation = pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)


def called(program: Program, path: str, method: str, operation: Operation, made: Made) -> Any:
    url = path.format(**{"identifier": "none", "name": "none", "command": "none", **made})
    if method == "get":
        return program.get(url)
    return program.post(url, body_for(api().get_openapi_operation_id(operation), made))


def made_for(operation: Operation) -> Made:
    return MAKERS[operation.tags[0]]()


def test_there_is_a_sample_of_every_heading():
    assert {tag for _, _, operation in api().operations() for tag in operation.tags} <= MAKERS.keys()


@every_operation
def test_without_a_token_it_answers_401(path: str, method: str, operation: Operation):
    answer = called(Program(), path, method, operation, made_for(operation))
    if operation.view_func.__needs__.is_public:
        assert answer.status_code in (200, 503)
        return
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Content-Type"] == "application/problem+json"


ROLES = {
    "nobody": [],
    "viewer": [name for name in PERMISSIONS if ".view_" in name],
    "actor": [name for name in PERMISSIONS if ".view_" not in name],
}


@every_operation
@pytest.mark.parametrize("roles", [ROLES, pytest.param({one: [one] for one in PERMISSIONS}, marks=pytest.mark.full)])
def test_it_gives_what_its_permission_says(path: str, method: str, operation: Operation, roles: dict[str, list[str]]):
    needed = operation.view_func.__needs__
    made = made_for(operation)
    for role, permissions in roles.items():
        answer = called(a_program(*permissions), path, method, operation, made)
        is_permitted = needed.is_public or set(permissions) >= set(needed.permissions)
        assert (answer.status_code not in (401, 403)) == is_permitted, (role, answer.content)
        assert is_permitted or needed.permissions[0] in answer.json()["detail"]


@every_operation
def test_a_token_may_do_no_more_than_its_user_nor_than_it_was_made_for(path: str, method: str, operation: Operation):
    needed = operation.view_func.__needs__
    if needed.is_public:
        return
    others = [name for name in PERMISSIONS if name not in needed.permissions]
    made = made_for(operation)
    user_may_not = a_program(*needed.permissions, user=somebody(*others))
    token_may_not = a_program(*others, user=somebody(*PERMISSIONS))
    assert called(user_may_not, path, method, operation, made).status_code == 403
    assert called(token_may_not, path, method, operation, made).status_code == 403


@every_operation
def test_nothing_of_another_tenant_is_seen_or_changed(path: str, method: str, operation: Operation):
    needed = operation.view_func.__needs__
    if needed.is_public:
        return
    made = made_for(operation)
    theirs = called(a_program(*needed.permissions, tenant="b"), path, method, operation, made)
    name = api().get_openapi_operation_id(operation)
    if "{" in path:
        assert theirs.status_code == 404, theirs.content
    elif method == "get":
        assert theirs.json() == {"items": [], "next": None}
    elif name.endswith("_many"):
        assert theirs.json() == {"changed": 0, "skipped": {"it does not exist": 1}, "made": []}
    else:
        assert theirs.status_code in (200, 201, 202)
        assert made["identifier"] not in theirs.content.decode()
    assert TENANT not in [entry.object_repr for entry in LogEntry.objects.all()]


@every_operation
def test_those_of_the_tenant_see_what_those_of_all_tenants_see(path: str, method: str, operation: Operation):
    needed = operation.view_func.__needs__
    if needed.is_public or method != "get" or operation.tags[0] in ("Subscriptions", "Schedules"):
        return
    made = made_for(operation)
    ours = called(a_program(*needed.permissions, tenant=TENANT), path, method, operation, made)
    alls = called(a_program(*needed.permissions), path, method, operation, made)
    assert ours.status_code == alls.status_code == 200, ours.content
    assert ours.json() == alls.json()
    assert made["identifier"] in ours.content.decode()


@pytest.mark.parametrize("name", ["jobs_create", "events_emit", "commands_send"])
def test_what_a_tenant_sends_is_its_own(name: str):
    path, method, operation = next(
        found for found in api().operations() if api().get_openapi_operation_id(found[2]) == name
    )
    program = a_program(*operation.view_func.__needs__.permissions, "ops_api.view_job", "ops_engine.view_event",
                        "ops_engine.view_command", tenant="b")  # fmt: skip
    answer = called(program, path, method, operation, {})
    assert program.get(answer.headers["Location"]).json()["tenant"] == "b"
    if name != "jobs_create":
        other = program.post(path, {**body_for(name, {}), "tenant": "a"})
        assert (other.status_code, other.json()["type"]) == (403, "urn:opsconsole:problem:other-tenant")


@every_operation
def test_what_is_done_is_in_the_admins_log(path: str, method: str, operation: Operation):
    if method != "post" or "{" not in path or operation.tags[0] in ("Processes",):
        return
    if api().get_openapi_operation_id(operation) == "reminders_receive":
        return  # nothing is done
    needed = operation.view_func.__needs__
    answer = called(a_program(*needed.permissions), path, method, operation, made_for(operation))
    logged = LogEntry.objects.filter(change_message__contains="via API token tests")
    assert logged.exists() == (answer.status_code in (200, 202)), answer.content
