"""Names and places that users really give: the same name twice, no UTF-8, too long, no ordinary file."""

import json
import logging
import os
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from farm.cli.context import PlainLog
from tests.cli.gating import Farm, a_new_lab
from tests.processes import command, completed

QUICK = ("--passes", "latency,memory", "--repeat", "2", "--iterations", "20", "--duration", "0", "--threads", "1")


@pytest.fixture
def farm(tmp_path: Path, builds: Path) -> Farm:
    a_new_lab(tmp_path, builds / "harness")

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        return completed(command(*(os.fsdecode(each) if isinstance(each, bytes) else each for each in arguments)), tmp_path)

    return call


def a_model(path: Path, sleep_us: int) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"farm-fake 1\nsleep_ns {sleep_us}000\n")
    return path


def test_two_models_of_one_name_are_never_one_number(farm: Farm, tmp_path: Path) -> None:
    fast, slow = a_model(tmp_path / "v1" / "model.fake", 1000), a_model(tmp_path / "v2" / "model.fake", 5000)
    refused = farm("run", fast, slow, *QUICK)
    assert refused.returncode == 2
    assert 'would both be the workload "model"' in refused.stderr


def test_one_model_named_twice_is_measured_once(farm: Farm, tmp_path: Path) -> None:
    model = a_model(tmp_path / "model.fake", 1000)
    done = farm("run", model, tmp_path / "." / "model.fake", *QUICK, "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["sessions"][0]["runs"]) == 4


def test_one_model_under_two_names_is_two_workloads_each_with_its_own_runs(farm: Farm, tmp_path: Path) -> None:
    models = [a_model(tmp_path / name, 1000) for name in ("one.fake", "two.fake")]
    done = farm("run", *models, *QUICK)
    assert done.returncode == 0, done.stderr
    assert "one · one.fake" in done.stdout
    assert "two · two.fake" in done.stdout
    assert done.stdout.count("2 of 2") == 8


def test_a_name_that_is_no_utf8_stops_nobody(farm: Farm, tmp_path: Path) -> None:
    name = b"bad\xff.fake"
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("farm-fake 1\nspin_ns 1000\n")
    done = farm("run", name, *QUICK)
    assert done.returncode == 0, done.stderr
    assert farm("runs").returncode == 0
    assert json.loads(farm("sql", "--json", "SELECT DISTINCT workload_id FROM runs").stdout) == [
        {"workload_id": "bad\N{REPLACEMENT CHARACTER}"}
    ]


@pytest.mark.parametrize("to_stdout", [False, True])
def test_no_name_reaches_a_terminal_with_what_would_steer_it(farm: Farm, tmp_path: Path, to_stdout: bool) -> None:
    odd = "red\x1b[31m\x07\u202e"
    if to_stdout:
        (tmp_path / f"{odd}.toml").write_text('[suite]\nname = "s"\n[[workloads]]\nid = "w"\nartifact = "m.fake"\nthreads = 1\n')
        a_model(tmp_path / "m.fake", 1000)
        said = [farm("config", "check", f"{odd}.toml"), farm("devices", "hold", "local", "--reason", odd), farm("devices")]
        assert all(done.returncode == 0 for done in said), said
    else:
        names = '[devices.x]\nkind = "andr\\u001b[31moid"\n"fo\\u001b[31mo" = 3\n[devices."a\\u001b[31mred"]\nkind = "local"\n'
        (tmp_path / "devices.toml").write_text(names + '[pools]\n"p\\u001b[32m" = ["s\\u001b[31m25"]\n')
        said = [farm("config", "check"), farm("-vv", "run", tmp_path / f"{odd}.fake")]
        assert all(done.returncode == 2 for done in said), said
    for done in said:
        assert "\N{REPLACEMENT CHARACTER}[31m" in done.stdout + done.stderr
        assert not {"\x1b", "\x07", "\u202e"} & {*done.stdout, *done.stderr}


def test_what_a_device_said_is_plain_in_the_log_too_line_by_line() -> None:
    record = logging.LogRecord("farm", logging.DEBUG, "", 0, "%s: %s", ("s25", "one\n\ttwo\x1b[2J\r"), None)
    assert PlainLog("farm: %(message)s").format(record) == "farm: s25: one\n\ttwo\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}"


def test_the_command_that_is_stored_can_be_pasted_into_a_shell(farm: Farm, tmp_path: Path) -> None:
    """A page offers it to be copied: a branch called $(reboot) is a name there, too."""
    arguments = ("run", a_model(tmp_path / "my <model>.fake", 1000), *QUICK, "--branch", "$(reboot) `reboot` 'it' && x")
    assert farm(*arguments).returncode == 0
    command = json.loads(farm("sql", "--json", "SELECT command FROM sessions").stdout)[0]["command"]
    assert shlex.split(command) == ["farm", "--data", "data", *(str(each) for each in arguments)]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_page_takes_the_place_of_an_ordinary_file_only(farm: Farm, tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "page.html")
    before = (tmp_path / "page.html").stat().st_mode
    refused = farm("run", a_model(tmp_path / "model.fake", 1000), *QUICK, "--html", "page.html")
    assert refused.returncode == 2
    assert "it is no ordinary file" in refused.stderr
    assert (tmp_path / "page.html").stat().st_mode == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "nightly", "--html"),
        ("metrics", "--textfile"),
        ("export", "--format", "parquet", "--into"),
        ("db", "backup", "--force"),
    ],
)
def test_nothing_that_is_written_takes_the_place_of_a_pipe_or_a_device(farm: Farm, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Run as root, farm once put a page where /dev/null was."""
    assert farm("run", a_model(tmp_path / "model.fake", 1000), *QUICK).returncode == 0
    os.mkfifo(tmp_path / "pipe")
    refused = farm(*arguments, "pipe")
    assert refused.returncode == 2, refused.stderr
    assert "pipe cannot be written: it is no ordinary file" in refused.stderr
    assert (tmp_path / "pipe").is_fifo()


def test_a_site_that_has_no_room_says_which_option_names_another_place(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = farm("report", "site", "--into", "file/site")
    assert refused.returncode == 2
    assert "file is a file, where a folder is needed" in refused.stderr
    assert "--into" in refused.stderr


def test_a_page_behind_a_link_is_written_where_the_link_leads(farm: Farm, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "page.html").symlink_to(tmp_path / "pages" / "real.html")
    assert farm("run", a_model(tmp_path / "model.fake", 1000), *QUICK, "--html", "page.html").returncode == 0
    assert (tmp_path / "page.html").is_symlink()
    assert (tmp_path / "pages" / "real.html").read_text().startswith("<!doctype html>")


LONG = "a" * 300


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", LONG), "File name too long"),
        (("run", "model.fake", "--html", f"{LONG}.html"), "File name too long"),
        (("run", "model.fake", "--html", f"{'a' * 245}.html"), "its name is too long"),
        (("artifacts", "show", LONG), "File name too long"),
        (("config", "check", LONG), "File name too long"),
        (("run", "--suite", "folder.toml"), "Is a directory"),
        (("run", "--suite", "long.toml"), "File name too long"),
        (("run", "--suite", "forever.toml"), "is more than 168 h"),
        (("--devices", "empty_pool.toml", "run", "model.fake", "--pool", "n"), "pools.n"),
    ],
)
def test_what_cannot_be_is_a_sentence(farm: Farm, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    a_model(tmp_path / "model.fake", 1000)
    suite = '[suite]\nname = "s"\n[[workloads]]\nid = "w"\nartifact = "model.fake"\n'
    (tmp_path / "folder.toml").write_text(suite + 'inputs = ["."]\n')
    (tmp_path / "long.toml").write_text(suite.replace("model.fake", LONG))
    (tmp_path / "forever.toml").write_text(suite + 'duration = "1e30 s"\n')
    (tmp_path / "empty_pool.toml").write_text("[pools]\nn = []\n")
    refused = farm(*arguments)
    assert refused.returncode == 2, refused.stderr
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_entries_that_are_none_do_not_stop_what_comes_after(farm: Farm, tmp_path: Path) -> None:
    journal = tmp_path / "data" / "journal"
    (journal / "zz.json").mkdir(parents=True)
    (journal / "1.json").write_text('{"journal": 1, "rows": {"runs": [{"id": "x"}]}}')
    (journal / "2.json").write_text("[" * 100_000)
    done = farm("run", a_model(tmp_path / "model.fake", 1000), *QUICK)
    assert done.returncode == 0, done.stderr
    assert farm("runs").stdout.count("model") == 4
    assert {entry.name for entry in journal.iterdir()} == {"zz.json", "1.refused", "2.unreadable"}


def test_a_name_cannot_write_on_the_terminal(farm: Farm, tmp_path: Path) -> None:
    done = farm("run", a_model(tmp_path / "red\x1b[31m\nfarm: all is well.fake", 1000), *QUICK)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stderr + done.stdout
    assert "farm: all is well" not in done.stderr.splitlines()


def test_a_name_so_long_that_no_sidecar_can_stand_beside_it_is_one_without(farm: Farm, tmp_path: Path) -> None:
    done = farm("run", a_model(tmp_path / ("a" * 245 + ".fake"), 1000), *QUICK)
    assert done.returncode == 0, done.stderr


def test_a_mistake_in_the_lab_does_not_make_a_suite_wrong(farm: Farm, tmp_path: Path) -> None:
    a_model(tmp_path / "model.fake", 1000)
    lab = '[devices.s25]\nkind = "android"\nserial = "R5"\ntypo = 1\n[pools]\nnight = ["s25"]\n'
    budget = '[[budgets]]\nworkload = "w"\nmetric = "latency_ns.p50"\nmax = "1 ms"\n'
    suite = '[suite]\nname = "s"\n[[workloads]]\nid = "w"\nartifact = "model.fake"\n'
    (tmp_path / "suite.toml").write_text(suite + budget + 'devices = ["s25"]\n' + budget.replace("1 ms", "2 ms") + 'pool = "night"\n')
    (tmp_path / "lab.toml").write_text(lab)
    (tmp_path / "no.toml").write_text("[")
    done = farm("--devices", "lab.toml", "config", "check", "suite.toml")
    assert done.returncode == 2
    assert "typo" in done.stderr
    assert "there is no" not in done.stderr
    unknown = farm("--devices", "no.toml", "config", "check", "suite.toml")
    assert unknown.returncode == 2
    assert "suite.toml: not checked, since the devices that it may name are not known" in unknown.stderr
