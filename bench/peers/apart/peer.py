"""One peer in an environment of its own, where nothing of the product is: `python peer.py <its folder>`.

It reads orders from standard input, a word and a number a line, and answers each with a number.
"""

from __future__ import annotations

import importlib
import os
import sys

import django


def main() -> None:
    """Make its tables, say what it is, and do as told until the input ends."""
    folder = sys.argv[1]
    answers, sys.stdout = sys.stdout, sys.stderr  # what Django and the packages print is a log
    os.environ["DJANGO_SETTINGS_MODULE"] = f"{folder}.settings"
    django.setup()
    renewing = importlib.import_module(f"{folder}.renewing")
    renewing.migrate()
    orders = {"due": renewing.fall_due, "renew": renewing.renew, "renewed": renewing.renewed}
    print(f"{renewing.NAME}, Django {django.__version__}", file=answers, flush=True)
    for line in sys.stdin:
        word, number = line.split()
        print(orders[word](int(number)), file=answers, flush=True)


if __name__ == "__main__":
    main()
