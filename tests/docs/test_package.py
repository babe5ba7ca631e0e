"""What `pip install` brings, as the guide tells it: every file that the apps need beside their Python."""

import tomllib

from tests.docs.pages import ROOT

PACKAGES = ROOT / "opsconsole"
NEEDED = (".sql", ".html", ".css", ".js", ".svg", ".md")


def test_every_file_of_the_apps_is_installed():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["*"]
    packages = [init.parent for init in PACKAGES.rglob("__init__.py")]
    installed = {found for package in packages for pattern in patterns for found in package.glob(pattern)}
    needed = {file for file in PACKAGES.rglob("*") if file.suffix in NEEDED}
    assert needed
    assert needed <= installed
