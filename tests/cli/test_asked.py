"""Numbers and options that cannot be measured with: refused at once, in a sentence, before anything is touched."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import FakeModel
from tests.processes import command, completed

HUGE = "9" * 30


def farm(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return completed(command(*arguments), home)


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "model.fake", "--iterations", HUGE),
        ("run", "model.fake", "--cpus", f"0-{HUGE}"),
        ("run", "model.fake", "--cpus", "1024"),
        ("run", "model.fake", "--cpus", "7-4"),
        ("run", "model.fake", "--prompt", "prompt.json", "--decode-tokens", HUGE),
        ("run", "model.fake", "--timeout", "nan"),
        ("run", "model.fake", "--timeout", "inf"),
        ("run", "model.fake", "--sustain", "nan"),
        ("run", "model.fake", "--sustain", "1e300"),
        ("run", "model.fake", "--seed", str(2**63)),
        ("run", "model.fake", "--repeat", HUGE),
        ("run", "model.fake", "--threads", HUGE),
        ("runs", "--most", HUGE),
        ("devices", "clean", "--keep", "1e999 GB"),
        ("devices", "clean", "--keep", "-1 GB"),
    ],
    ids=lambda arguments: " ".join(arguments[-2:])[:40],
)
def test_a_number_that_nothing_takes_is_refused_at_once(tmp_path: Path, fake_model: FakeModel, arguments: tuple[str, ...]) -> None:
    fake_model()
    (tmp_path / "prompt.json").write_text("[1]")
    refused = farm(tmp_path, *arguments)
    assert refused.returncode == 2, refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--timeout", "5"),
        ("--threads", "1"),
        ("--passes", "nonsense"),
        ("--iterations", "7"),
        ("--duration", "0.5"),
        ("--prompt", "nofile"),
        ("--cpus", "0"),
        ("--sustain", "5"),
        ("--decode-tokens", "3"),
    ],
)
def test_what_a_suite_states_itself_is_refused_beside_it(tmp_path: Path, option: str, value: str) -> None:
    refused = farm(tmp_path, "run", "--suite", "suite.toml", option, value)
    assert refused.returncode == 2
    assert f"farm: {option} cannot be given here: a suite states that itself" in refused.stderr
    assert "under [[workloads]] in suite.toml" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--resume", "--repeat", "3", "--seed", "4"), "--repeat and --seed cannot be given here: what was asked then"),
        (("model.fake", "--decode-tokens", "3"), "--decode-tokens cannot be given here: that is for language models"),
        (("model.fake", "--prompt", "p.json", "--iterations", "3"), "--iterations cannot be given here: a language model"),
        (("model.fake", "--prompt", "p.json", "--duration", "3"), "--duration cannot be given here: a language model"),
    ],
)
def test_an_option_that_would_say_nothing_is_refused(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    refused = farm(tmp_path, "run", *arguments)
    assert refused.returncode == 2
    assert said in refused.stderr
