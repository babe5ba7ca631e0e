"""The academic system in the admin; adding something here sets off the same flows as anywhere else."""

from opsconsole.examples.academics.admin import (
    activities,
    classes,
    courses,
    institutions,
    lessons,
    mail,
    notifications,
    people,
    webhooks,
)

__all__ = [
    "activities", "classes", "courses", "institutions", "lessons",
    "mail", "notifications", "people", "webhooks",
]  # fmt: skip
