"""The tables and handlers that are measured, as a Django app."""

from django.apps import AppConfig


class BenchmarksConfig(AppConfig):
    name = "tests.benchmarks"
    label = "ops_bench"
