"""`make bench-iphones`: the bench in the foreground until Ctrl-C, for anyone to try farm without an iPhone."""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from farm.errors import FarmError
from farm.harness import build
from tests.bench.ios.bench import Bench
from tests.bench.ios.profiles import PROFILES

_HEADER = """\
# iPhones of `make bench-iphones`: stand-ins that speak the real protocols and run this machine's harness. Gone when it ends.
# Try:  farm --devices {path} run --device {first} MODEL.pte
# Other tools:  USBMUXD_SOCKET_ADDRESS={address} idevice_id -l
"""


def devices_toml(bench: Bench, path: Path) -> str:
    """Return the lab's file: each phone, and the pool `nightly` of them all."""
    text = _HEADER.format(path=path, first=next(iter(bench.phones)), address=bench.address)
    for name, phone in bench.phones.items():
        text += f'\n[devices.{name}]\nkind = "ios"\nudid = "{phone.udid}"\nusbmux = "{bench.address}"\n'
        text += f'labels = {{ bench = "{phone.profile.name}", ios = "{phone.profile.version}" }}\n'
    listed = ", ".join(f'"{name}"' for name in bench.phones)
    return f"{text}\n[pools]\nnightly = [{listed}]\n"


def main() -> int:
    """Run the bench until a signal ends it; 2 when it cannot run here."""
    parser = argparse.ArgumentParser(prog="bench-iphones", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"phones to start: {', '.join(PROFILES)}; without one: iphonex iphone16pro"
    )
    parser.add_argument("--data", type=Path, default=Path(".farm"), help="data folder (default: .farm)")
    given = parser.parse_args()
    if unknown := set(given.names) - set(PROFILES):
        parser.error(f"there is no phone {', '.join(sorted(unknown))}; there are {', '.join(PROFILES)}")
    for ending in (signal.SIGINT, signal.SIGTERM):  # SIGINT, too: a shell's background job is started without it
        signal.signal(ending, _interrupt)
    path = given.data / "bench-ios" / "devices.toml"
    try:
        harnesses = [build.ensure(build.Target.HOST, name, given.data, on_progress=_say) for name in ("executorch", "fake")]
        with Bench(harnesses, given.names or ("iphonex", "iphone16pro")) as bench:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(devices_toml(bench, path))
            sys.stdout.write(f"{path}\n")
            sys.stdout.flush()
            while True:
                signal.pause()
    except KeyboardInterrupt:
        return 0
    except FarmError as error:
        _say(error.message)
        return 2
    finally:
        path.unlink(missing_ok=True)


def _say(words: str) -> None:
    sys.stderr.write(f"bench-iphones: {words}\n")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
