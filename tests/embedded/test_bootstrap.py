"""manage.py on a bare machine: what it says before anything is installed."""

import ast
import os
import subprocess
import sys

import pytest

from tests.embedded.stand_ins import CHECKOUT

MANAGE = CHECKOUT / "manage.py"


def manage(*arguments, **environment):
    ours = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "OPSCONSOLE_VENV": sys.prefix}
    return subprocess.run(
        [sys.executable, MANAGE, *arguments],
        capture_output=True,
        text=True,
        env={**ours, **environment},
        check=False,
        timeout=60,
    )


def test_an_old_python_can_read_the_file_far_enough_to_say_so():
    ast.parse(MANAGE.read_text(), feature_version=(3, 4))
    program = (
        "import runpy, sys; sys.version_info = (3, 10, 0, 'final', 0);"
        f"runpy.run_path({str(MANAGE)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer, and this is 3.10" in done.stderr


def test_before_anything_is_installed_django_commands_say_how_to_start(tmp_path):
    bare = [sys._base_executable, "-S", MANAGE, "migrate"]
    environment = {"OPSCONSOLE_VENV": str(tmp_path / "none"), "PATH": os.environ["PATH"]}
    done = subprocess.run(bare, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert "Start with: python3 manage.py up" in done.stderr


@pytest.mark.parametrize("command", [["migrate"], ["check", "--database", "default"]])
def test_a_django_command_without_servers_says_how_to_start_them(command, tmp_path):
    done = manage(*command, OPSCONSOLE_STATE=str(tmp_path))
    assert done.returncode == 1
    assert "No servers are running" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_django_command_that_needs_no_servers_runs_without_them(tmp_path):
    done = manage("version", OPSCONSOLE_STATE=str(tmp_path))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", ["bootstrap", "up", "servers", "virtualenv", "temporary", "guard"])
def test_nothing_but_the_standard_library_is_needed(module):
    bare = [sys._base_executable, "-S", "-c", f"import opsconsole.embedded.{module}"]
    done = subprocess.run(bare, capture_output=True, text=True, check=False, cwd=CHECKOUT)
    assert done.returncode == 0, done.stderr
