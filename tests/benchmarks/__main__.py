"""The bench itself; `manage.py bench` gives it servers of its own."""

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import django

MEASURES = ("commands", "events", "latency", "batches", "writers", "following", "streams")


def main() -> int:
    options = parse()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.benchmarks.settings")
    django.setup()
    from tests.benchmarks import ground
    from tests.benchmarks.options import FULL, QUICK
    from tests.benchmarks.progress import say

    load_before = os.getloadavg()[0]
    if load_before > 0.5:
        say(f"this machine is not idle (load {load_before:.1f}): trust the ratios, not the rates")
    say("preparing the tables")
    ground.prepare()
    findings = []
    for name in options.only or MEASURES:
        say(f"measuring {name}")
        measure = import_module(f"tests.benchmarks.measures.{name}").measure
        for finding in measure(QUICK if options.quick else FULL):
            findings.append(finding)
            say(str(finding))
    findings.sort(key=lambda finding: finding.unit != "×")
    print("\n".join(map(str, findings)))
    report = {
        **circumstances(),
        "quick": options.quick,
        "load_before": load_before,
        "database": ground.facts(),
    }
    report["findings"] = [finding.as_json for finding in findings]
    options.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return int(any(finding.passes is False for finding in findings))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py bench", description="Measure the engine on this machine.")
    parser.add_argument("--only", action="append", choices=MEASURES, metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="small numbers: shows that it works, not how fast")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE", help="default: %(default)s")
    return parser.parse_args()


def circumstances() -> dict[str, object]:
    """What a reader of the figures has to know about the machine and the code."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        "django": django.get_version(),
        "processors": os.cpu_count(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


if __name__ == "__main__":
    sys.exit(main())
