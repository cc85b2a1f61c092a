"""The readers over genuine texts of phones, where the folder of samples stands beside the repository."""

from pathlib import Path

import pytest

from farm.devices.readers import proc
from tests.conftest import ROOT

SYSFS = ROOT.parent / "shared" / "samples" / "android" / "sysfs"

pytestmark = pytest.mark.skipif(not SYSFS.is_dir(), reason="the samples are not here")


def text(name: str) -> str:
    return Path(SYSFS / name).read_text()


def test_memory_and_load_of_phones() -> None:
    pixel = text("proc_meminfo.google-pixel8pro-husky-android16.txt")
    assert proc.memory_bytes(pixel, "MemTotal") == 11850652 * 1024
    assert proc.memory_bytes(pixel, "MemAvailable") == 4398048 * 1024
    samsung = text("proc_loadavg_meminfo.samsung-galaxy-android14.txt")
    assert proc.memory_bytes(samsung, "MemAvailable") == 2841964 * 1024
    assert proc.load_1m(samsung.splitlines()[-1]) == 4.49


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("proc_cpuinfo.oppo-r15-androidNA.txt", "MT6771V/C"),
        ("proc_cpuinfo.pixel-2-xl-androidNA.txt", "Qualcomm Technologies, Inc MSM8998"),
        ("proc_cpuinfo.google-pixel8pro-husky-android16.txt", None),  # newer kernels name no hardware
    ],
)
def test_the_processor_of_phones(name: str, model: str | None) -> None:
    assert proc.cpu_model(text(name)) == model


def test_an_error_text_is_never_a_reading() -> None:
    content = text("permission_denied.samsung-s23-android16.txt")
    assert proc.cpu_times(content) is None
    assert proc.load_1m(content) is None
    assert proc.memory_bytes(content, "MemTotal") is None
