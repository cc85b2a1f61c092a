"""What a launcher on an Android device wrote of itself."""

import io
from dataclasses import dataclass

import pytest

from farm.devices.android import run
from farm.devices.android.adb import Adb
from farm.devices.android.box import Box
from farm.devices.android.server import Server
from farm.devices.transport import Handle

BOOT = "1d3b4f0e-8f1b-4b7e-9c1a-0c7d6f2a9e55"
STAT = f"4711 (sh) S 1 4711 4711 0 -1 {' '.join('0' for _ in range(13))} 812345 9 9 9"


@dataclass
class Written(Box):
    """A box in which a launcher has written this."""

    text: str | None = None

    def pull(self, name: str, into: io.BytesIO, most_bytes: int) -> bool:
        if self.text is not None:
            into.write(self.text.encode())
        return self.text is not None


def box(text: str | None) -> Written:
    return Written(Adb(Server("127.0.0.1", 1), "serial", "s25"), text=text)


def test_a_run_that_has_begun_is_told_by_its_boot_and_by_when_in_it_its_process_began() -> None:
    assert run.begun(box(f"4711\n{BOOT}\n{STAT}\n"), "ab") == Handle("ab", 4711, f"{BOOT} 812345")


@pytest.mark.parametrize("text", [None, "", "4711\n", f"4711\n{BOOT}\n", f"sh: no pid\n{BOOT}\n{STAT}\n", f"4711\n{BOOT}\n4711 (sh) S 1\n"])
def test_what_tells_no_process_is_no_run_that_could_be_ended(text: str | None) -> None:
    assert run.begun(box(text), "ab") is None
