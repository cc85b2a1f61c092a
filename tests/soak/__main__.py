"""A simulated month. Ends with 1 where a requirement is missed.

python -m tests.soak [--small] [--nights N] [--phones N] [--seed N] [--folder FOLDER]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import ROOT
from tests.soak.month import Month, prepared, run, small, whole
from tests.soak.verdict import injected, verdict


def told(month: Month) -> bool:
    """Print what was done and what was seen; return whether all holds."""
    sys.stdout.write(f"\n{'fault':<36} {'planned':>8} {'struck':>8}\n")
    for kind, planned, struck in injected(month):
        sys.stdout.write(f"{kind:<36} {planned:>8} {struck:>8}\n")
    sys.stdout.write("(what did not strike met a phone at rest, or a host at which nothing was at work)\n\n")
    shown = verdict(month)
    for one in shown:
        sys.stdout.write(f"{'ok  ' if one.holds else 'MISS'} {one.what}\n     {one.seen}\n")
    return all(one.holds for one in shown)


def main() -> int:
    """Run a month and judge it."""
    given = argparse.ArgumentParser(prog="python -m tests.soak")
    given.add_argument("--small", action="store_true", help="three nights, three phones, one fault of each kind")
    given.add_argument("--nights", type=int, default=30)
    given.add_argument("--phones", type=int, default=8)
    given.add_argument("--seed", type=int, default=8)
    given.add_argument("--folder", type=Path, help="keep the rack's folder here")
    asked = given.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (asked.folder or Path(scratch) / "rack").resolve()
        folder.mkdir(parents=True)
        began_s = time.monotonic()
        plan = small(asked.seed, folder) if asked.small else whole(asked.seed, folder, asked.nights, asked.phones)
        month = prepared(folder, plan, ROOT / ".farm")
        sys.stdout.write(
            f"{plan.nights} nights and {plan.quiet} quiet ones, {len(plan.phones)} phones, {len(plan.workloads)} workloads x "
            f"{plan.repeats}, {len(plan.faults)} faults, seed {plan.seed}\n"
        )

        def tell(words: str) -> None:
            sys.stdout.write(f"  {time.monotonic() - began_s:6.0f} s  {words}\n")
            sys.stdout.flush()

        run(month, tell)
        return 0 if told(month) else 1


if __name__ == "__main__":
    sys.exit(main())
