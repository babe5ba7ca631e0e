"""What the browser says about a page: its console, its policy reports, its accessibility."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page

AXE = Path(__file__).parents[1] / "vendor" / "axe-core" / "4.14.1" / "axe.min.js"
OPTIONS = {
    "rules": {"target-size": {"enabled": True}},  # WCAG 2.2 AA, off by default
    "resultTypes": ["violations"],
    "preload": False,  # it copies style sheets into the page, which the policy of the page refuses
}


class Watched:
    """Collects whatever the browser complains about: errors, warnings, refused loads, policy violations."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.expected: tuple[str, ...] = ()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.location.get('url')}: {message.text}")


def violations(page: Page, rule: str = "") -> list[str]:
    """What axe-core finds, a line each; by one rule or by all."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE.read_text())
    options = {"runOnly": [rule], "resultTypes": ["violations"]} if rule else OPTIONS
    found: dict[str, Any] = page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{page.url} {violation['id']}: {violation['help']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def walk(windows: Sequence[Page], addresses: Sequence[str]) -> list[str]:
    """What is wrong with these pages in these windows, in light and in dark, a line each."""
    findings = []
    for address in addresses:
        for page in windows:
            page.emulate_media(color_scheme="light")
            page.goto(address)
            findings += violations(page)
            if excess := overflow(page):
                findings.append(f"{address} is {excess} pixels wider than its window")
        for page in windows:
            page.emulate_media(color_scheme="dark")
            page.wait_for_function("() => document.getAnimations().length === 0")  # links fade to their new colour
            findings += violations(page, "color-contrast")
    return findings
