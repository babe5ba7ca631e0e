"""The statements of reminders, one a file, each with its reasons."""

from pathlib import Path

from opsconsole.kernel.statements import statements_in

statement = statements_in(Path(__file__).parent)
