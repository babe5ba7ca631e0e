"""The reference of the API names what the code has."""

import ast
import re
from dataclasses import fields

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission

from opsconsole.api.configuration import Configuration
from tests.docs.pages import ROOT, Page

REFERENCE = Page("docs/reference/api.md")
CODE = re.compile(r"`([^`]+)`")


def test_every_setting_stands_there_with_its_default():
    told = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", REFERENCE.text.split("## Settings")[1], re.MULTILINE)
    assert {name: ast.literal_eval(default) for name, default in told} == {
        field.name: field.default for field in fields(Configuration)
    }


def test_every_table_and_every_type_of_problem_stands_there():
    told = set(CODE.findall(REFERENCE.prose()))
    assert {model._meta.db_table for model in apps.get_app_config("ops_api").get_models()} <= told
    code = "\n".join(path.read_text() for path in (ROOT / "opsconsole").rglob("*.py"))
    assert set(re.findall(r'Problem\([^)]*?\btype="([\w-]+)"', code, re.DOTALL)) <= told


@pytest.mark.django_db
def test_every_permission_of_its_own_stands_there():
    own = Permission.objects.filter(content_type__app_label="ops_api").exclude(codename="view_token")
    assert {f"ops_api.{name}" for name in own.values_list("codename", flat=True)} <= set(
        CODE.findall(REFERENCE.prose())
    )
