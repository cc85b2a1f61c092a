"""Recordings of Android phones, where the folder of samples stands beside the repository, for tests."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from farm.devices.readers.reading import Reading
from tests.conftest import ROOT

SAMPLES = ROOT.parent / "shared" / "samples" / "android"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")


def text(name: str, end: str = "") -> str:
    """Return a recording; end puts back the line end that a recording lost."""
    return Path(SAMPLES / name).read_text() + end


def by_name(readings: Iterable[Reading]) -> dict[str, float | str | None]:
    return {reading.name: reading.text if reading.value is None else reading.value for reading in readings}


def by_source(readings: Iterable[Reading]) -> dict[str, float | None]:
    return {reading.source: reading.value for reading in readings}
