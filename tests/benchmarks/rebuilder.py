"""A program that brings a rebuild to its end; prints its greatest use of memory (KiB) early and at the end."""

import resource

import django


def main() -> None:
    django.setup()
    from opsconsole.streams import following
    from tests.benchmarks.subscriptions import PROJECTION

    pages, early = 0, 0
    following.take()
    while following.apply_page(f"{PROJECTION}#rebuild"):
        pages += 1
        if pages == 20:
            early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(early, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)


if __name__ == "__main__":
    main()
