"""The virtual environment is made when missing, mended when broken and filled once per lock file."""

import pytest

from opsconsole.embedded import virtualenv
from opsconsole.embedded.trouble import Trouble
from opsconsole.embedded.virtualenv import DEVELOPMENT, RUNTIME, VirtualEnvironment


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    monkeypatch.delenv("OPSCONSOLE_VENV", raising=False)
    for name in (RUNTIME, DEVELOPMENT, "manage.py"):
        (tmp_path / name).write_text(f"# {name}\n")  # an empty lock: pip has nothing to fetch
    return tmp_path


def test_a_missing_environment_is_made_and_the_second_time_nothing_is_done(checkout, capsys):
    VirtualEnvironment(checkout).ensure(RUNTIME)
    assert "Making a virtual environment" in capsys.readouterr().out
    VirtualEnvironment(checkout).ensure(RUNTIME)
    assert capsys.readouterr().out == ""


def test_what_development_needs_includes_what_running_needs(checkout, capsys):
    VirtualEnvironment(checkout).ensure(DEVELOPMENT)
    capsys.readouterr()
    VirtualEnvironment(checkout).ensure(RUNTIME)
    assert capsys.readouterr().out == ""


def test_a_changed_lock_is_installed(checkout, capsys):
    VirtualEnvironment(checkout).ensure(RUNTIME)
    (checkout / RUNTIME).write_text("# other requirements\n")
    capsys.readouterr()
    VirtualEnvironment(checkout).ensure(RUNTIME)
    assert capsys.readouterr().out.startswith("Installing what requirements.lock names")


def test_an_environment_whose_python_is_gone_is_made_again(checkout):
    environment = VirtualEnvironment(checkout)
    environment.ensure(RUNTIME)
    environment.python.unlink()
    environment.python.symlink_to("/nowhere/python")
    environment.ensure(RUNTIME)
    assert environment.usable


def test_an_environment_of_another_python_is_made_again(checkout):
    environment = VirtualEnvironment(checkout)
    environment.ensure(RUNTIME)
    environment.python.unlink()
    environment.python.write_text("#!/bin/sh\nexit 1\n")  # as another minor version answers
    environment.python.chmod(0o755)
    assert not environment.usable
    environment.ensure(RUNTIME)
    assert environment.usable


def test_a_directory_that_is_no_environment_is_left_alone(checkout):
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "thesis.txt").write_text("years of work")
    with pytest.raises(Trouble, match="is not a virtual environment"):
        VirtualEnvironment(checkout).ensure(RUNTIME)


def test_what_pip_says_is_told_when_it_fails(checkout):
    (checkout / RUNTIME).write_text("not a requirement\n")
    with pytest.raises(Trouble, match="pip could not install the requirements"):
        VirtualEnvironment(checkout).ensure(RUNTIME)


def test_an_environment_that_was_not_filled_to_the_end_is_made_again(checkout):
    environment = VirtualEnvironment(checkout)
    (checkout / RUNTIME).write_text("not a requirement\n")
    with pytest.raises(Trouble):
        environment.ensure(RUNTIME)
    assert not environment.usable
    (checkout / RUNTIME).write_text("# nothing\n")
    environment.ensure(RUNTIME)
    assert environment.usable


def test_a_python_without_pip_is_told_what_to_install(checkout, monkeypatch):
    monkeypatch.setattr(virtualenv, "_pip_version", lambda python: ())
    monkeypatch.setattr(virtualenv, "_succeeds", lambda command: False)
    with pytest.raises(Trouble, match="has no pip"):
        VirtualEnvironment(checkout).ensure(RUNTIME)
