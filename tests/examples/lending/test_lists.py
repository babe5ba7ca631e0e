"""The admin's lists stay quick: their order comes out of an index, and no filter reads a whole column."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import BooleanField, DateField, UniqueConstraint
from django.test import RequestFactory
from django.urls import reverse

from opsconsole.examples.lending import models

OURS = [getattr(models, name) for name in models.__all__]
REGISTERED = [model for model in OURS if admin.site.is_registered(model)]

pytestmark = pytest.mark.django_db


def changelist(model: type, administrator: User) -> Any:
    request = RequestFactory().get(reverse(f"admin:lending_{model._meta.model_name}_changelist"))
    request.user = administrator
    return admin.site.get_model_admin(model).get_changelist_instance(request)


def plan(statement: str, parameters: Any) -> str:
    """When the planner may neither sort everything nor read everything, if there is another way."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (COSTS OFF) {statement}", parameters)
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.parametrize("model", REGISTERED)
def test_a_list_is_in_the_order_of_an_index(model: type, administrator: User):
    rows = changelist(model, administrator).get_queryset(RequestFactory().get("/"))[:100]
    found = plan(*rows.query.sql_with_params())
    assert "->  Sort" not in found and not found.startswith("Sort"), found


@pytest.mark.parametrize("model", REGISTERED)
def test_filters_offer_no_more_than_a_handful_of_choices(model: type, administrator: User):
    """Whatever there is in the tables: they are those of the code."""
    filters = [one for one in admin.site.get_model_admin(model).list_filter if not isinstance(one, tuple)]
    assert [one for one in filters if _is_open(model, one)] == []


def _is_open(model: type, path: str) -> bool:
    """Whether a filter by this field would have to look for its choices."""
    *relations, last = path.split("__")
    for relation in relations:
        model = model._meta.get_field(relation).related_model
    field = model._meta.get_field(last)
    return not field.choices and not isinstance(field, BooleanField | DateField)


@pytest.mark.parametrize("model", REGISTERED)
def test_dates_are_filtered_by_an_index_and_never_counted_day_by_day(model: type):
    model_admin = admin.site.get_model_admin(model)
    assert model_admin.date_hierarchy is None
    dates = {field.name for field in model._meta.fields if isinstance(field, DateField)} & set(model_admin.list_filter)
    leading = {index.fields[0] for index in _indexes(model)}
    assert dates <= leading


def _indexes(model: type) -> list[Any]:
    unique = [one for one in model._meta.constraints if isinstance(one, UniqueConstraint) and one.fields]
    return [*model._meta.indexes, *unique]
