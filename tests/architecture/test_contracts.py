"""The structure holds: who imports whom, how long modules are, what the tools say."""

import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
MODULES = [path for path in (ROOT / "opsconsole").rglob("*.py") if "migrations" not in path.parts]


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = grimp.build_graph("opsconsole", exclude_type_checking_imports=True)
    TopologicalSorter({one: graph.find_modules_directly_imported_by(one) for one in graph.modules}).prepare()


def test_imports_go_to_the_right_only() -> None:
    run(sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache")


@pytest.mark.timeout(180)
def test_kernel_and_engine_are_strictly_typed() -> None:
    run(sys.executable, "-m", "mypy")


def test_the_linter_finds_nothing_and_the_formatter_would_change_nothing() -> None:
    run(sys.executable, "-m", "ruff", "check", ".")
    run(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_no_module_is_longer_than_three_hundred_lines() -> None:
    assert [path for path in MODULES if len(path.read_text().splitlines()) > 300] == []


def test_every_statement_is_used() -> None:
    code = "\n".join(path.read_text() for path in MODULES)
    named = set(re.findall(r'"([a-z_]+)"', code)) | {f"roll_up_{kind}s" for kind in ("event", "command")}
    files = {path.stem for path in (ROOT / "opsconsole").glob("*/sql/*.sql")}
    assert files - named == {
        name for name in files - named if re.search(r'f"[a-z_]*{', code) and _is_composed(name, code)
    }


def test_what_a_statement_takes_is_chosen_once() -> None:
    """A subquery of IN that locks and skips may run once a row of what is changed, and take more than its LIMIT."""
    chosen_again = re.compile(r"\bIN \(\s*SELECT[^;]*\bLIMIT\b[^;]*SKIP LOCKED", re.IGNORECASE)
    statements = [path for path in (ROOT / "opsconsole").rglob("*.sql") if chosen_again.search(path.read_text())]
    assert statements == []


def _is_composed(name: str, code: str) -> bool:
    """Some names are put together: f"read_live_{kind}s"."""
    return any(
        re.fullmatch(re.sub(r"\\{[^}]*\\}", "[a-z_]+", re.escape(pattern)), name)
        for pattern in re.findall(r'f"([a-z_]*\{[a-z_.]+\}[a-z_]*)"', code)
    )


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    ours = (
        "ops_engine",
        "ops_streams",
        "ops_console",
        "ops_api",
        "ops_schedules",
        "ops_reminders",
        "academics",
        "billing",
        "lending",
    )
    call_command("makemigrations", "--check", "--dry-run", *ours, verbosity=0)
