"""The files in examples/: their commands exist, and their own validators take them."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import promql_parser
import pytest
import yaml

from farm.cli.main import farm
from farm.errors import FarmError
from farm.health import Name
from farm.monitor import text
from tests.bench.android import debs
from tests.bench.android.errors import BenchUnavailable
from tests.conftest import ROOT, in_ci
from tests.test_monitor import EVERY, names_in, read

EXAMPLES = ROOT / "examples"
WITH_COMMANDS = sorted(
    path for path in EXAMPLES.rglob("*") if path.is_file() and path.parent.name in ("systemd", "cron", "github", "gitlab", "jenkins")
)
ALERTS, DASHBOARD = EXAMPLES / "prometheus" / "farm-alerts.yml", EXAMPLES / "grafana" / "farm.json"
ENDS = ("||", "&&", ";", "|", ">", ">>", "2>&1")


def lines_of(path: Path) -> Iterator[str]:
    """The lines of shell in a file, by what kind of file it is."""
    words = path.read_text()
    match path.parent.name:
        case "systemd":
            yield from re.findall(r"^ExecStart=-?(.+)$", words, re.MULTILINE)
        case "cron":
            yield from re.findall(r"^(?:[0-9*/,-]+ ){5}\S+ (.+)$", words, re.MULTILINE)
        case "jenkins":
            yield from re.findall(r"(?:sh |script: )'([^']+)'", words)
        case _:
            for text_ in _texts(yaml.safe_load(words)):
                yield from text_.splitlines()


def _texts(value: object) -> Iterator[str]:
    """The texts under run, script and after_script, wherever they are."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("run", "script", "after_script"):
                yield from [inner] if isinstance(inner, str) else inner
            else:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def commands_in(line: str) -> list[list[str]]:
    """The calls of farm in a line of shell, without the name."""
    found = []
    words = shlex.split(line, comments=True)
    for place, word in enumerate(words):
        if Path(word).name == "farm" and (place == 0 or words[place - 1] in ENDS):
            rest = words[place + 1 :]
            found.append(rest[: next((number for number, each in enumerate(rest) if each in ENDS), len(rest))])
    return found


CALLS = [
    pytest.param(call, id=f"{path.relative_to(EXAMPLES)}: {' '.join(call)[:60]}")
    for path in WITH_COMMANDS
    for line in lines_of(path)
    for call in commands_in(line)
]


def parsed(command: click.Command, words: list[str], parent: click.Context | None = None, *, whole: bool = True) -> None:
    """Have click read words as it would, up to calling anything; whole: nothing required is missing. Raises click.UsageError."""
    context = command.context_class(command, info_name=command.name, parent=parent)
    if not isinstance(command, click.Group):
        values, rest, _ = command.make_parser(context).parse_args(list(words))
        assert not rest
        for parameter in command.params:
            given = values.get(parameter.name or "")
            assert given is not None or not parameter.required or not whole, f"{parameter.name} is missing"
            if isinstance(given, str) and not isinstance(parameter.type, click.Path):
                parameter.type.convert(given, parameter, context)
        return
    context.allow_interspersed_args = False
    if not words and not whole:
        return
    _, rest, _ = command.make_parser(context).parse_args(list(words))
    name, chosen, rest = command.resolve_command(context, rest)
    assert chosen is not None, name
    parsed(chosen, rest, context, whole=whole)


def test_every_file_with_commands_has_some() -> None:
    without = [path.name for path in WITH_COMMANDS if not any(commands_in(line) for line in lines_of(path))]
    assert without == ["farm-keep.timer", "farm-nightly.timer"]


@pytest.mark.parametrize("call", CALLS)
def test_every_command_in_an_example_is_one_that_farm_takes(call: list[str]) -> None:
    parsed(farm, call)


@pytest.mark.parametrize(
    "call",
    [["gate", "--suit", "s"], ["gate", "--suite", "s"], ["db", "prun"], ["nightlies"], ["db", "prune", "--keep", "180"], ["metrics", "x"]],
)
def test_a_command_that_farm_does_not_take_would_be_found(call: list[str]) -> None:
    with pytest.raises((click.UsageError, AssertionError)):
        parsed(farm, call)


@pytest.mark.parametrize("words", sorted(set(re.findall(r"`farm ([a-z][^`]*)`", (ROOT / "docs" / "operations.md").read_text()))))
def test_every_command_that_operations_name_is_one_that_farm_takes(words: str) -> None:
    parsed(farm, shlex.split(words), whole=False)


def test_operations_say_what_to_do_for_each_alarm() -> None:
    alarms = re.findall(r"alert: (\w+)", ALERTS.read_text())
    told = re.findall(r"^\| (Farm\w+) \|", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    assert sorted(alarms) == sorted(told)


def test_operations_say_what_to_do_for_each_check_of_health_and_each_end_of_a_night() -> None:
    first_cells = set(re.findall(r"^\| ([^|]+?) \|", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE))
    assert {name.words for name in Name} <= first_cells
    ends = {str(error.exit_code) for error in _every(FarmError)} | {"0", "1", "4", "130"}
    assert ends <= first_cells


def _every(error: type[FarmError]) -> list[type[FarmError]]:
    return [error, *(one for child in error.__subclasses__() for one in _every(child))]


@pytest.mark.parametrize("path", sorted((EXAMPLES / "systemd").iterdir()), ids=lambda path: path.name)
def test_units_are_as_systemd_wants_them(path: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        assert not in_ci()
        pytest.skip("systemd-analyze is not installed")
    program = tmp_path / "venv" / "bin" / "farm"  # it looks whether the program is there
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in (EXAMPLES / "systemd").iterdir():
        (tmp_path / unit.name).write_text(unit.read_text().replace("/srv/farm", str(tmp_path)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / path.name], capture_output=True, text=True, check=False, timeout=60
    )
    own = [line for line in done.stderr.splitlines() if path.stem in line]
    assert (done.returncode, own) == (0, []), done.stderr


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        *(("vendor.github-workflows", path) for path in sorted((EXAMPLES / "github").iterdir())),
        *(("custom.github-workflows-require-timeout", path) for path in sorted((EXAMPLES / "github").iterdir())),
        ("vendor.gitlab-ci", EXAMPLES / "gitlab" / ".gitlab-ci.yml"),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_workflows_are_as_their_schemas_want_them(schema: str, path: Path) -> None:
    data = ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *data, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lines_of_cron_have_five_fields_and_a_user() -> None:
    lines = [line for line in (EXAMPLES / "cron" / "farm").read_text().splitlines() if line and not re.match(r"#|[A-Z]+=", line)]
    assert len(lines) == 3
    for line in lines:
        assert re.match(r"(?:[0-9*/,-]+ ){5}farm cd ", line), line


def queries() -> list[Any]:
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    panels = json.loads(DASHBOARD.read_text())["panels"]
    found = [(rule["alert"], rule["expr"]) for rule in rules] + [
        (panel["title"], target["expr"]) for panel in panels for target in panel["targets"]
    ]
    return [pytest.param(query, id=name) for name, query in found]


def selectors(query: Any) -> Iterator[Any]:
    """The places in a query that name metrics."""
    if type(query).__name__ == "VectorSelector":
        yield query
        return
    for name in ("expr", "lhs", "rhs", "param", "args", "vector_selector"):
        inner = getattr(query, name, None)
        for each in inner if isinstance(inner, list) else [inner]:
            if each is not None:
                yield from selectors(each)


@pytest.mark.parametrize("query", queries())
def test_every_query_names_only_metrics_and_labels_that_farm_tells(query: str) -> None:
    told, samples = names_in(text(EVERY)), read(text(EVERY))
    found = list(selectors(promql_parser.parse(query)))
    assert found
    for selector in found:
        assert selector.name in told
        labels = {matcher.name for matcher in selector.matchers.matchers}
        known = [labels <= own.keys() for own, _ in samples.get(selector.name, [])]
        assert all(known), f"{selector.name} has not all of {labels}"


@pytest.mark.parametrize("query", ["farm_nothing > 1", 'sum(rate(farm_runs_total{colour="red"}[1h]))'])
def test_a_query_of_what_farm_does_not_tell_would_be_found(query: str) -> None:
    with pytest.raises(AssertionError):
        test_every_query_names_only_metrics_and_labels_that_farm_tells(query)


def test_every_alert_says_what_is_the_matter_and_what_to_do() -> None:
    for group in yaml.safe_load(ALERTS.read_text())["groups"]:
        for rule in group["rules"]:
            assert set(rule["annotations"]) == {"summary", "remedy"}
            assert rule["labels"]["severity"] in ("page", "ticket", "info")


def test_promtool_takes_the_alerts_and_the_metrics(builds: Path) -> None:
    try:
        promtool = shutil.which("promtool") or debs.program(builds / "debs", "promtool", "usr/bin/promtool")
    except BenchUnavailable as error:
        if in_ci():
            raise
        pytest.skip(f"promtool is not installed: {error}")
    subprocess.run([promtool, "check", "rules", ALERTS], check=True, timeout=60)
    subprocess.run([promtool, "check", "metrics"], input=text(EVERY), text=True, check=True, timeout=60)


def test_the_dashboard_has_a_place_and_a_name_for_each_panel() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
    assert len(set(places)) == len(places)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in dashboard["panels"])
    assert len({panel["title"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert {variable["name"] for variable in dashboard["templating"]["list"]} == {"source"}


@pytest.mark.parametrize(("secrets", "told"), [("FARM_MAIL='mailtos://a?to=b&c=d'\n", "mailtos://a?to=b&c=d\n"), (None, "\n")])
def test_the_night_of_cron_has_the_addresses_of_its_targets_and_begins_without_them(tmp_path: Path, secrets: str | None, told: str) -> None:
    if secrets is not None:
        (tmp_path / "secrets").write_text(secrets)
    farm_there = tmp_path / "venv" / "bin" / "farm"
    farm_there.parent.mkdir(parents=True)
    farm_there.write_text(f'#!{sys.executable}\nimport os\nprint(os.environ.get("FARM_MAIL", ""))\n')
    farm_there.chmod(0o755)
    (night,) = [line for line in lines_of(EXAMPLES / "cron" / "farm") if " nightly " in line]
    line = night.replace("/srv/farm", str(tmp_path)).replace("/etc/farm", str(tmp_path))
    subprocess.run(["/bin/sh", "-c", line], env={"PATH": "/usr/bin:/bin"}, check=True)
    assert (tmp_path / "nightly.log").read_text() == told
