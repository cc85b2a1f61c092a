"""Who may import whom. The house's rules, read off the sources."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

FARM = Path(__file__).parents[1] / "farm"
EVERYWHERE = {"departures", "errors", "findings", "metrics", "units", "workloads", "verdicts"}
MAY_IMPORT = {
    "errors": set[str](),
    "units": set[str](),
    "metrics": set[str](),
    "workloads": set[str](),
    "verdicts": set[str](),
    "findings": set[str](),
    "departures": set[str](),
    "stats": set[str](),
    "changepoints": set[str](),
    "track": {"changepoints", "stats"},
    "outputs": set[str](),
    "conditions": set[str](),
    "checks": {"conditions", "harness"},
    "sustain": set[str](),
    "watched": {"devices"},
    "quality": {"stats"},
    "items": set[str](),
    "series": set[str](),
    "queue": set[str](),
    "redact": set[str](),
    "records": {"series"},
    "profiles": set[str](),
    "summary": {"quality", "stats"},
    "gate": {"stats"},
    "exchange": set[str](),
    "config": {"items", "nights", "notices"},
    "sources": set[str](),
    "wheels": set[str](),
    "archives": set[str](),
    "artifacts": {"archives", "items", "outputs", "wheels"},
    "devices": {"archives"},
    "pins": {"archives", "artifacts"},
    "harness": {"sources", "wheels"},
    "power": {"devices", "watched"},
    "cooling": set[str](),
    "settling": {"conditions", "cooling", "devices", "power"},
    "runner": {"harness", "devices", "checks", "outputs", "power", "quality", "settling", "sustain", "watched"},
    "rack": {"runner", "devices", "retries"},
    "readiness": {"conditions", "devices", "health", "power"},
    "leases": {"devices"},
    "cluster": {"journal", "records"},
    "release": {"rack", "gate", "quality", "store", "artifacts", "records", "series"},
    "calibrate": {"rack", "gate", "release", "records", "series"},
    "suggest": {"calibrate", "gate"},
    "canary": {"stats"},
    "bisect": {"records"},
    "health": {"canary", "conditions"},
    "recovery": {"devices", "health"},
    "retries": set[str](),
    "store": {"records"},
    "keeping": set[str](),
    "monitor": set[str](),
    "notices": set[str](),
    "outbox": {"notices"},
    "delivery": {"notices"},
    "journal": {"records"},
    "nights": set[str](),
    "publish": {"profiles", "summary"},
    "report": {"canary", "cooling", "profiles", "publish", "sources", "stats", "store", "summary"},
    "cli": {
        "archives",
        "artifacts",
        "bisect",
        "calibrate",
        "canary",
        "cluster",
        "config",
        "cooling",
        "delivery",
        "devices",
        "exchange",
        "gate",
        "harness",
        "health",
        "items",
        "journal",
        "keeping",
        "leases",
        "monitor",
        "nights",
        "notices",
        "outbox",
        "pins",
        "profiles",
        "publish",
        "queue",
        "rack",
        "readiness",
        "records",
        "redact",
        "recovery",
        "release",
        "report",
        "retries",
        "series",
        "store",
        "suggest",
        "summary",
        "track",
    },
    "__main__": {"cli"},
    "__init__": set[str](),
}
OWNERS = {
    "duckdb": {"store"},
    "jinja2": {"report"},
    "click": {"cli"},
    "rich": {"cli"},
    "pydantic": {"config"},
    "yaml": {"exchange"},
    "apprise": {"delivery"},
    "prometheus_client": {"monitor"},
    "adbutils": {"devices"},
    "distributed": {"cluster"},
    "dask": {"cluster"},
    "cryptography": {"cluster"},
    "pymobiledevice3": {"devices"},
    "Monsoon": {"power"},
    "torch": {"artifacts"},
    "executorch": {"artifacts"},
    "transformers": {"artifacts"},
    "coremltools": {"artifacts"},
}
PURE = {
    "errors",
    "units",
    "metrics",
    "verdicts",
    "findings",
    "departures",
    "series",
    "stats",
    "checks",
    "conditions",
    "outputs",
    "profiles",
    "summary",
    "sustain",
    "quality",
    "changepoints",
    "track",
    "gate",
    "canary",
    "bisect",
    "exchange",
    "nights",
    "queue",
    "redact",
    "keeping",
    "health",
    "retries",
    "cooling",
    "monitor",
    "notices",
}
PURE_MODULES = {"power/alone.py", "power/current.py", "power/curves.py", "power/energy.py", "power/plan.py", "power/result.py"}
WORLD = {"os", "sys", "subprocess", "socket", "time", "random", "shutil", "tempfile", "urllib", "pathlib"}


def part_of(path: Path) -> str:
    return path.relative_to(FARM).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def farm_parts(path: Path) -> set[str]:
    known = {part_of(each) for each in FARM.rglob("*.py")}
    return {name.split(".")[1] for name in imports_of(path) if name.startswith("farm.") and name.split(".")[1] in known}


@pytest.mark.parametrize("path", sorted(FARM.rglob("*.py")), ids=lambda path: str(path.relative_to(FARM)))
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    part = part_of(path)
    assert part in MAY_IMPORT, f"{part} has no rule yet"
    surplus = farm_parts(path) - MAY_IMPORT[part] - EVERYWHERE - {part}
    assert not surplus, f"{part} imports {surplus}"


@pytest.mark.parametrize("path", sorted(FARM.rglob("*.py")), ids=lambda path: str(path.relative_to(FARM)))
def test_a_heavy_library_has_one_owner(path: Path) -> None:
    for library in {name.split(".")[0] for name in imports_of(path)} & OWNERS.keys():
        assert part_of(path) in OWNERS[library], f"{library} belongs to {OWNERS[library]}"


@pytest.mark.parametrize("path", sorted(FARM.rglob("*.py")), ids=lambda path: str(path.relative_to(FARM)))
def test_what_is_under_the_gpl_is_reached_over_a_pipe_only(path: Path) -> None:
    if path.is_relative_to(FARM / "devices/ios/worker"):
        return
    names = imports_of(path)
    assert not {name for name in names if name.split(".")[0] == "pymobiledevice3" or name.startswith("farm.devices.ios.worker")}


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in sorted(FARM.rglob("*.py"))
        if part_of(path) in PURE or "readers" in path.parts or path.relative_to(FARM).as_posix() in PURE_MODULES
    ],
    ids=lambda path: path.name,
)
def test_values_and_decisions_touch_no_world(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports_of(path)} & WORLD


@pytest.mark.parametrize("path", sorted(FARM.rglob("*.py")), ids=lambda path: str(path.relative_to(FARM)))
def test_the_time_of_day_and_the_environment_are_read_in_cli_only(path: Path) -> None:
    if part_of(path) == "cli":
        return
    text = path.read_text()
    for word in ("datetime.now", "utcnow", "os.environ", "getenv", "time.time("):
        assert word not in text, f"{word} in {path.name}"


def test_help_loads_no_heavy_library() -> None:
    program = (
        "import sys; from farm.cli.main import farm; farm.main(['--help'], standalone_mode=False); print('LOADED', *sorted(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split("LOADED")[1].split()
    assert not {"duckdb", "polars", "numpy", "jinja2", "pydantic", "rich", "yaml", "distributed", "cryptography"} & set(loaded)
