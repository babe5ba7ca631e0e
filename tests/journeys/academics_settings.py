"""For the processes of a journey: mail is retried soon, and given up soon."""

from tests.settings import *  # noqa: F403

ACADEMICS = {"mail_retry_first": 0.3, "mail_retries": 2}
