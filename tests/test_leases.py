import subprocess
import sys
from pathlib import Path

import pytest

from farm import leases
from farm.errors import DeviceBusy
from farm.leases import Owner

ME = Owner(1, "somebody", "2026-01-02 03:04:05 UTC", "farm run model.pte", "a-host")
HOLDER = """
import sys, time
from pathlib import Path
from farm import leases
with leases.hold("a-device", "s25", leases.Owner(42, "another", "noon", "farm run x", "a-host"), Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_device_is_held_by_one_process_and_the_message_names_it(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(DeviceBusy, match="s25 is held by process 42 of another on a-host since noon: farm run x"),
            leases.hold("a-device", "s25", ME, tmp_path),
        ):
            pass
        with leases.hold("another-device", "pixel9", ME, tmp_path):
            pass
        holder.kill()
        holder.wait()
    with leases.hold("a-device", "s25", ME, tmp_path):  # the kernel let go when the holder died
        pass


def test_an_identity_with_slashes_stays_in_the_folder(tmp_path: Path) -> None:
    with leases.hold("../../etc/passwd", "x", ME, tmp_path):
        assert [path.parent for path in tmp_path.iterdir()] == [tmp_path]
