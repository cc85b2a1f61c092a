"""`make bench-phones`: the bench in the foreground until Ctrl-C, for anyone to try farm without a phone."""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from tests.bench.android import ARM64, Bench, BenchFailed, BenchUnavailable, Spec
from tests.bench.android.bench import DEFAULT_SPECS
from tests.bench.android.profiles import names

_HEADER = """\
# Phones of `make bench-phones`: a real adbd each, a simulated framework, and no phone. Gone when it ends.
# Try:  farm --devices {path} run --device {first} MODEL.pte
"""


def devices_toml(bench: Bench, path: Path) -> str:
    """Return the lab's file: each phone, and the pool `nightly` of them all."""
    text = _HEADER.format(path=path, first=next(iter(bench.phones)))
    for name, phone in bench.phones.items():
        text += f'\n[devices.{name}]\nkind = "android"\nadb = "{bench.adb.address}"\nserial = "{phone.serial}"\n'
        text += f'labels = {{ bench = "{phone.profile.properties["ro.product.model"]}", abi = "{phone.abi}" }}\n'
    listed = ", ".join(f'"{name}"' for name in bench.phones)
    return f"{text}\n[pools]\nnightly = [{listed}]\n"


def main() -> int:
    """Run the bench until a signal ends it; 2 when it cannot run here."""
    parser = argparse.ArgumentParser(prog="bench-phones", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"profiles to start: {', '.join(names())} (default: all)")
    parser.add_argument("--data", type=Path, default=Path(".farm"), help="data folder (default: .farm)")
    parser.add_argument("--arm64", action="append", default=[], metavar="NAME", help="this phone is arm64, under qemu (default: pixel9)")
    given = parser.parse_args()
    if unknown := {*given.names, *given.arm64} - set(names()):
        parser.error(f"there is no profile {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    specs = [each for each in DEFAULT_SPECS if not given.names or each.profile in given.names]
    if given.arm64:
        specs = [Spec(each.profile, abi=ARM64) if each.profile in given.arm64 else Spec(each.profile) for each in specs]
    for ending in (signal.SIGINT, signal.SIGTERM):  # SIGINT, too: a shell's background job is started without it
        signal.signal(ending, _interrupt)
    path = given.data / "bench-android" / "devices.toml"
    try:
        with Bench(given.data, specs) as bench:
            path.write_text(devices_toml(bench, path))
            sys.stdout.write(f"{path}\n")
            sys.stdout.flush()
            while True:
                signal.pause()
    except KeyboardInterrupt:
        return 0
    except (BenchUnavailable, BenchFailed) as error:
        sys.stderr.write(f"bench-phones: {error}\n")
        return 2
    finally:
        path.unlink(missing_ok=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
