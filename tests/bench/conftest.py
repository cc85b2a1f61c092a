"""Single phones of the Android bench, put back after each test."""

from collections.abc import Iterator

import pytest

from tests.bench.android import Bench, Phone


@pytest.fixture
def s25(android_bench: Bench) -> Iterator[Phone]:
    yield android_bench.phones["s25"]
    android_bench.phones["s25"].restore()
    android_bench.phones["s25"].state(adbd=1, hold_skin_c=None, plugged=True, level=80)
    android_bench.phones["s25"].connect()


@pytest.fixture
def pixel9(android_bench: Bench) -> Iterator[Phone]:
    yield android_bench.phones["pixel9"]
    android_bench.phones["pixel9"].state(hold_skin_c=None, plugged=True, level=80, thermal_speed=1)


def out(phone: Phone, line: str) -> str:
    """What a line prints that must succeed."""
    result = phone.shell(line)
    assert result.returncode == 0, result
    return result.stdout.strip()
