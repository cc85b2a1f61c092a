"""The lines that only Apple's compiler will ever build: well-formed against what Apple documents, by Debian's clang."""

import plistlib
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, in_ci

HARNESS = ROOT / "harness"
OBJECTIVE = sorted([*(HARNESS / "ios").glob("*.mm"), *(HARNESS / "src").glob("*.mm")])
DARWIN = sorted((HARNESS / "src").glob("*_darwin.cpp"))
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
FACTS = [f'-D{name}="x"' for name in ("FARM_SOURCE_HASH", "FARM_BUILD_TYPE", "FARM_COMPILER", "FARM_TARGET")]


def checked(file: Path) -> subprocess.CompletedProcess[str]:
    """Have clang read a file as an iPhone's compiler would, with our declarations in the place of Apple's headers."""
    command = ["clang++", "-fsyntax-only", "-std=c++17", "-stdlib=libc++", *WARNINGS, *FACTS]
    command += ["-isystem", str(ROOT / "tests/harness/apple_headers"), f"-I{HARNESS / 'src'}", f"-I{HARNESS / 'ios'}"]
    if file.suffix == ".mm":
        command += ["-x", "objective-c++", "-fobjc-arc", "-fobjc-runtime=ios-16.0", "-fblocks"]
    return subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module", autouse=True)
def clang() -> None:
    if shutil.which("clang++") is None or not Path("/usr/include/c++/v1").exists():
        words = "no clang++ with its own C++ library; on Debian: apt-get install clang libc++-dev libc++abi-dev"
        if in_ci():
            pytest.fail(words)
        pytest.skip(words)


@pytest.mark.parametrize("file", [*OBJECTIVE, *DARWIN], ids=lambda file: file.name)
def test_what_only_an_iphone_runs_is_well_formed(file: Path) -> None:
    done = checked(file)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("idleTimerDisabled = YES", "idleTimerOff = YES", "idleTimerOff"),
        ("text_of(variables[name])", "variables[name]", "no viable overloaded"),
        ("stackSize = kStackBytes", "stackSize = 1.5", "implicit conversion"),
    ],
)
def test_a_mistake_in_what_only_an_iphone_runs_is_found(tmp_path: Path, was: str, becomes: str, said: str) -> None:
    text = (HARNESS / "ios/main.mm").read_text()
    assert was in text
    wrong = tmp_path / "wrong.mm"
    wrong.write_text(text.replace(was, becomes))
    done = checked(wrong)
    assert done.returncode != 0
    assert said in done.stderr, done.stderr


def test_the_list_of_what_apple_never_compiled_is_whole() -> None:
    listed = (HARNESS / "README.md").read_text()
    for file in [*OBJECTIVE, *DARWIN]:
        assert f"`{file.relative_to(HARNESS)}`" in listed
        assert "Never compiled by Apple's compiler" in file.read_text()


def test_the_apps_property_list_is_one_and_says_what_farm_asks_of_it() -> None:
    text = (HARNESS / "ios/Info.plist.in").read_text()
    runtimes = "<key>coreml</key><dict><key>version</key><string>1</string><key>source_hash</key><string>0f</string></dict>"
    info = plistlib.loads(text.replace("@FARM_BUNDLE@", "org.phonefarm.harness").replace("@FARM_RUNTIMES_PLIST@", runtimes).encode())
    assert info["FarmProtocol"] == 1
    assert info["FarmRuntimes"] == {"coreml": {"version": "1", "source_hash": "0f"}}
    assert info["UIFileSharingEnabled"] is True
    assert info["CFBundleExecutable"] == "FarmHarness"
