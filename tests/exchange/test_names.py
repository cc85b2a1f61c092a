"""Names that are imported: each ends in its base unit and is explained."""

import pytest

from farm.exchange import names
from farm.metrics import METRICS
from tests.exchange import read, texts


@pytest.mark.parametrize("name", texts.ALL)
def test_every_name_ends_in_its_unit_and_is_explained(name: str) -> None:
    contents = read(texts.ALL[name])
    for number in contents.numbers:
        assert names.unit_of(number.metric) is not None
        derived = contents.format in ("androidx-benchmark", "plain-csv")
        assert derived or number.metric in METRICS or number.metric in names.MEANINGS, number.metric


def test_no_imported_name_is_one_of_farms_own() -> None:
    assert not names.MEANINGS.keys() & METRICS.keys()
    assert all(names.unit_of(name) for name in names.MEANINGS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("timeToInitialDisplayMs", ("time_to_initial_display_ns", 1e6)),
        ("latency_ms", ("latency_ns", 1e6)),
        ("energyComponentCpuUws", ("energy_component_cpu_uj", 1.0)),
        ("decode_tokens_per_s", ("decode_tokens_per_s", 1.0)),
        ("battery_percent", ("battery_ratio", 0.01)),
        ("size_mb", None),
        ("size_kb", None),
        ("ms", None),
        ("value", None),
        ("frames_per_s", ("frames_per_s", 1.0)),
        ("tokens_per_ms", None),
        ("memory bandwidth GB/s", None),
        ("bandwidth_bytes/s", None),
    ],
)
def test_a_name_with_its_unit_last_comes_to_a_base_unit(name: str, expected: tuple[str, float] | None) -> None:
    assert names.based(name) == expected
