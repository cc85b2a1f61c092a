"""The app's build on a Mac, without a Mac: which commands are run, and what is made of the app that they leave."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from farm.devices.ios.app import Runtime, packaged
from farm.errors import HarnessUnavailable, InputError
from farm.harness import build, xcode
from tests.conftest import ROOT, needs_linux

CMAKE = """#!/bin/sh
echo "$@" >> "$FARM_TEST_LOG"
[ "$1" = --build ] || { for word; do case "$word" in -DFARM_SOURCE_HASH=*) echo "${word#*=}" > "$FARM_TEST_LOG.hash";; esac; done; exit 0; }
[ -n "$FARM_TEST_FAILS" ] && { echo "error: no profile"; exit 65; }
app="$2/Release-iphoneos/FarmHarness.app"
mkdir -p "$app"
cat > "$app/Info.plist" <<END
<plist version="1.0"><dict><key>CFBundleIdentifier</key><string>org.phonefarm.harness</string>
<key>CFBundleExecutable</key><string>FarmHarness</string><key>FarmProtocol</key><integer>1</integer>
<key>FarmRuntimes</key><dict><key>coreml</key><dict><key>version</key><string>of the system</string>
<key>source_hash</key><string>$(cat "$FARM_TEST_LOG.hash")</string></dict></dict></dict></plist>
END
echo program > "$app/FarmHarness"
chmod 755 "$app/FarmHarness"
"""


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place that looks like a Mac with Xcode; the log of what was run."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, text in (("cmake", CMAKE), ("xcodebuild", "#!/bin/sh\n")):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    monkeypatch.setattr("farm.harness.toolchain.found", lambda name: str(tools / name) if (tools / name).exists() else None)
    monkeypatch.setenv("FARM_TEST_LOG", str(tmp_path / "log"))
    return tmp_path / "log"


@needs_linux
def test_elsewhere_than_on_a_mac_it_is_said_in_a_sentence_with_exit_code_2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "farm", "--data", str(tmp_path), "harness", "build", "--target", "ios"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=tmp_path)
    assert done.returncode == 2
    assert "the app for iPhones can only be built on a Mac with Xcode, and this is Linux" in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert list(tmp_path.iterdir()) == []


def test_the_app_is_made_of_these_sources_and_can_be_installed(mac: Path, tmp_path: Path) -> None:
    said: list[str] = []
    app = xcode.App(("coreml",), team="A1B2C3D4E5")
    folder = xcode.ensure(app, tmp_path / "data", on_progress=said.append, system="Darwin")
    assert len(said) == 1
    installed = packaged(folder / xcode.PACKAGE, "org.phonefarm.harness")
    (built,) = build.built(tmp_path / "data")
    assert (built.target, built.runtime) == ("ios", "coreml")
    assert installed.runtimes == {"coreml": Runtime("of the system", built.source_hash)}
    configure, make = mac.read_text().splitlines()
    for option in ("-G Xcode", "-DCMAKE_SYSTEM_NAME=iOS", "-DFARM_RUNTIME=coreml", "-DFARM_TEAM=A1B2C3D4E5"):
        assert option in configure
    assert make.endswith("--config Release --target farm-harness -- -allowProvisioningUpdates")
    other = xcode.ensure(xcode.App(("coreml",), team="ZZZZZZZZZZ"), tmp_path / "data", on_progress=said.append, system="Darwin")
    assert other != folder


def test_an_app_that_is_signed_is_signed_anew_each_time_as_a_signature_ends(mac: Path, tmp_path: Path) -> None:
    signed = xcode.App(("coreml",), team="A1B2C3D4E5")
    folder = xcode.ensure(signed, tmp_path / "data", on_progress=lambda _: None, system="Darwin")
    (folder / xcode.PACKAGE).write_bytes(b"of last week")
    assert xcode.ensure(signed, tmp_path / "data", on_progress=lambda _: None, system="Darwin") == folder
    assert packaged(folder / xcode.PACKAGE, "org.phonefarm.harness").protocol == 1
    assert [each.name for each in (tmp_path / "data/harness").iterdir()] == [folder.name]
    said: list[str] = []
    for _ in range(2):
        xcode.ensure(xcode.App(("coreml",)), tmp_path / "data", on_progress=said.append, system="Darwin")
    assert len(said) == 1


def test_what_else_goes_into_the_app_makes_it_another_app(mac: Path, tmp_path: Path) -> None:
    library = tmp_path / "executorch/lib/libexecutorch.a"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"one")
    entitlements = tmp_path / "more-memory.entitlements"
    entitlements.write_bytes(b"<plist/>")

    def built(of: xcode.App) -> Path:
        return xcode.ensure(of, tmp_path / "data", on_progress=lambda _: None, system="Darwin")

    app = xcode.App(executorch=library.parents[1])
    folders = [built(app), built(replace(app, entitlements=entitlements))]
    library.write_bytes(b"two")
    assert len({*folders, built(app)}) == 3
    with pytest.raises(InputError, match=r"none\.entitlements cannot be read"):
        built(replace(app, entitlements=tmp_path / "none.entitlements"))
    with pytest.raises(InputError, match="there is no folder"):
        built(replace(app, executorch=tmp_path / "none"))


def test_without_a_team_the_app_is_not_signed(tmp_path: Path) -> None:
    configure, make = xcode.commands(xcode.App(bundle="com.lab.farm"), "cmake", tmp_path, tmp_path / "tree", "0f1e")
    assert "-DFARM_RUNTIME=executorch;coreml" in configure
    assert "-DFARM_BUNDLE=com.lab.farm" in configure
    assert make[-1] == "CODE_SIGNING_ALLOWED=NO"


def test_a_build_that_fails_leaves_xcodes_words(mac: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARM_TEST_FAILS", "1")
    with pytest.raises(HarnessUnavailable, match="could not be built") as caught:
        xcode.ensure(xcode.App(("coreml",)), tmp_path / "data", on_progress=lambda _: None, system="Darwin")
    assert caught.value.hint is not None
    assert "error: no profile" in Path(caught.value.hint.removeprefix("Xcode's words are in ")).read_text()
    assert build.built(tmp_path / "data") == []


def test_what_is_missing_is_named(mac: Path, tmp_path: Path) -> None:
    with pytest.raises(HarnessUnavailable, match="an ExecuTorch that was built for iOS") as caught:
        xcode.ensure(xcode.App(), tmp_path, on_progress=lambda _: None, system="Darwin")
    assert caught.value.hint is not None
    assert "--runtime coreml" in caught.value.hint
    (tmp_path / "bin/xcodebuild").unlink()
    with pytest.raises(HarnessUnavailable, match="xcodebuild missing"):
        xcode.ensure(xcode.App(("coreml",)), tmp_path, on_progress=lambda _: None, system="Darwin")
