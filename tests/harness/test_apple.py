"""The lines that only Apple's compiler will ever build: well-formed against what Apple documents, by Debian's clang."""

import json
import plistlib
import shutil
import subprocess
from pathlib import Path

import pytest

from farm.devices.ios.app import PROTOCOL, Installed, Runtime
from farm.harness import toolchain
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


def test_cmake_makes_the_app_of_these_very_files_and_its_property_list_says_what_farm_asks(tmp_path: Path) -> None:
    """By the Ninja generator and an empty SDK, which is enough to configure: nothing is compiled or linked."""
    (tmp_path / "iPhoneOS.sdk").mkdir()
    tools = toolchain.find(toolchain.Target.HOST)
    clang = shutil.which("clang++")
    stated = {
        "CMAKE_MAKE_PROGRAM": tools.ninja,
        "CMAKE_SYSTEM_NAME": "iOS",
        "CMAKE_OSX_SYSROOT": tmp_path / "iPhoneOS.sdk",
        "CMAKE_OSX_ARCHITECTURES": "arm64",
        "CMAKE_CXX_COMPILER": clang,
        "CMAKE_OBJCXX_COMPILER": clang,
        "CMAKE_CXX_COMPILER_WORKS": 1,
        "CMAKE_OBJCXX_COMPILER_WORKS": 1,
        "CMAKE_INSTALL_NAME_TOOL": "/bin/true",
        "CMAKE_EXPORT_COMPILE_COMMANDS": "ON",
        "FARM_RUNTIME": "coreml;fake",
        "FARM_SOURCE_HASH": "0f1e",
        "FARM_BUNDLE": "com.lab.farm",
    }
    command = [tools.cmake, "-S", str(HARNESS), "-B", str(tmp_path / "tree"), "-G", "Ninja"]
    done = subprocess.run([*command, *(f"-D{name}={value}" for name, value in stated.items())], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    commands = json.loads((tmp_path / "tree/compile_commands.json").read_text())
    compiled = {Path(each["file"]) for each in commands}
    assert {*OBJECTIVE, *DARWIN, HARNESS / "ios/app.cpp", HARNESS / "src/harness.cpp"} <= compiled
    assert not [file for file in compiled if "linux" in file.name]
    for each in commands:
        assert "-fobjc-arc" in each["command"] or not each["file"].endswith(".mm")
    info = plistlib.loads((tmp_path / "tree/FarmHarness.app/Info.plist").read_bytes())
    app = Installed.of(info)
    assert (app.executable, app.protocol) == ("FarmHarness", PROTOCOL)
    assert app.runtimes == {"coreml": Runtime("of the system", "0f1e"), "fake": Runtime("1", "0f1e")}
    assert (info["CFBundleIdentifier"], info["UIFileSharingEnabled"]) == ("com.lab.farm", True)
    # Without a scene of its own no app starts that was built with the SDK of iOS 27 or newer (Apple's TN3187).
    (scene,) = info["UIApplicationSceneManifest"]["UISceneConfigurations"]["UIWindowSceneSessionRoleApplication"]
    assert f"@implementation {scene['UISceneDelegateClassName']}" in (HARNESS / "ios/main.mm").read_text()
