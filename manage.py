#!/usr/bin/env python3
"""Run the project: `up` and `test` need nothing but Python 3.11 and pip; everything else is Django's."""

import sys

if sys.version_info < (3, 11):  # older ones must be able to read this far
    sys.exit(
        "opsconsole needs Python 3.11 or newer, and this is %d.%d (%s).\n"
        "Start it with a newer one, such as: python3.11 manage.py up"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )

if sys.platform == "win32":
    sys.exit("The embedded servers need Linux or macOS. On Windows, run this inside WSL.")

from opsconsole.embedded.bootstrap import main

if __name__ == "__main__":
    main(sys.argv)
