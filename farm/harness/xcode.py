"""Building the app for iPhones: on a Mac, by CMake's Xcode generator from the harness's own sources.

Never run on a Mac yet: what is tested is which commands are run, and what is made of the app that they leave.
"""

import hashlib
import json
import platform
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from farm.errors import HarnessUnavailable, InputError
from farm.harness import build, toolchain, wheel
from farm.sources import source_root
from farm.workloads import COREML

RUNTIMES = ("executorch", COREML)
PACKAGE = "FarmHarness.ipa"
_APP = "FarmHarness.app"
_OLDEST_IOS = "16.0"
_SOURCES = (*build.SOURCES, "ios")


@dataclass(frozen=True, slots=True)
class App:
    """What is to be in the app, and who signs it."""

    runtimes: Sequence[str] = RUNTIMES
    executorch: Path | None = None
    """Where an ExecuTorch that was built for iOS is installed."""
    executorch_version: str = "unknown"
    team: str | None = None
    """None: the app is not signed, and no phone installs it."""
    bundle: str | None = None
    entitlements: Path | None = None


def ensure(app: App, data: Path, *, on_progress: Callable[[str], None], system: str | None = None) -> Path:
    """Return the folder of the app's package. system is this host's, as platform.system() says it.

    A package that is not signed is kept; one that is to be signed is built anew each time, as a signature ends and covers only the
    phones that the team had then.
    Raises HarnessUnavailable with a sentence that says what is missing or where Xcode's words are, InputError for a file that is not there.
    """
    system = system or platform.system()
    if system != "Darwin":
        raise HarnessUnavailable(
            f"the app for iPhones can only be built on a Mac with Xcode, and this is {system}",
            hint="run this there; farm installs the .ipa from here (harness = FILE.ipa with the device)",
        )
    if "executorch" in app.runtimes and app.executorch is None:
        raise HarnessUnavailable(
            "the app needs an ExecuTorch that was built for iOS",
            hint="name the folder it is installed in with --executorch (harness/README.md has the recipe), or --runtime coreml alone",
        )
    tools = {name: toolchain.found(name) for name in ("cmake", "xcodebuild")}
    if missing := [name for name, place in tools.items() if place is None]:
        raise HarnessUnavailable(f"the app cannot be built: {' and '.join(missing)} missing", hint="install Xcode, and pip install cmake")
    sources = source_root("harness")
    parts = ["ios", *app.runtimes, app.executorch_version, app.bundle or "", app.team or "", *_given(app)]
    source_hash = build.hash_of(sources, parts, _SOURCES)
    folder = data / "harness" / f"ios-{'-'.join(app.runtimes)}-{source_hash[:12]}"
    if app.team or not (folder / build.FACTS).exists():
        on_progress("building the app for iPhones (a few minutes)")
        _build(app, str(tools["cmake"]), sources.resolve(), source_hash, folder)
    return folder


def _given(app: App) -> list[str]:
    """Return the hashes of what is not farm's own in the app: without them another build of ExecuTorch would be taken for the same app."""
    if app.executorch is not None and not app.executorch.is_dir():
        raise InputError(f"there is no folder {app.executorch}", hint="--executorch names where an ExecuTorch for iOS is installed")
    given = [] if app.executorch is None or "executorch" not in app.runtimes else sorted(app.executorch.rglob("*.a"))
    try:
        return [_sha256(file) for file in (*given, *filter(None, (app.entitlements,)))]
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read: {error.strerror}") from error


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def commands(app: App, cmake: str, sources: Path, tree: Path, source_hash: str) -> tuple[list[str], list[str]]:
    """Return the command that makes the Xcode project, and the one that builds it."""
    stated = {
        "CMAKE_SYSTEM_NAME": "iOS",
        "CMAKE_OSX_ARCHITECTURES": "arm64",
        "CMAKE_OSX_DEPLOYMENT_TARGET": _OLDEST_IOS,
        "FARM_RUNTIME": ";".join(app.runtimes),
        "FARM_SOURCE_HASH": source_hash,
        "FARM_EXECUTORCH_VERSION": app.executorch_version,
        "FARM_TEAM": app.team or "",
    }
    if app.bundle is not None:
        stated["FARM_BUNDLE"] = app.bundle
    if app.executorch is not None:
        stated["CMAKE_PREFIX_PATH"] = stated["CMAKE_FIND_ROOT_PATH"] = str(app.executorch.resolve())
    if app.entitlements is not None:
        stated["FARM_ENTITLEMENTS"] = str(app.entitlements.resolve())
    configure = [cmake, "-S", str(sources), "-B", str(tree), "-G", "Xcode", *(f"-D{name}={value}" for name, value in stated.items())]
    signing = ["-allowProvisioningUpdates"] if app.team else ["CODE_SIGNING_ALLOWED=NO"]
    return configure, [cmake, "--build", str(tree), "--config", "Release", "--target", "farm-harness", "--", *signing]


def _build(app: App, cmake: str, sources: Path, source_hash: str, folder: Path) -> None:
    """Build in a scratch folder, and rename the finished package's folder to its place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="building-", ignore_cleanup_errors=True) as scratch:
        tree, made, words = Path(scratch).resolve() / "tree", Path(scratch) / "made", Path(scratch) / "words"
        made.mkdir()
        log = folder.with_name(f"{folder.name}.log")
        with words.open("w", encoding="utf-8") as output:
            for command in commands(app, cmake, sources, tree, source_hash):
                if build.ended(command, output, Path(scratch), lambda: None) != 0:
                    shutil.copyfile(words, log)
                    raise HarnessUnavailable("the app for iPhones could not be built", hint=f"Xcode's words are in {log}")
        built = next(tree.glob(f"**/Release-iphoneos/{_APP}"), None)
        if built is None:
            shutil.copyfile(words, log)
            raise HarnessUnavailable(f"Xcode built no {_APP}", hint=f"its words are in {log}")
        package(built, made / PACKAGE)
        facts = {
            "target": "ios",
            "runtime": "+".join(app.runtimes),
            "runtime_version": app.executorch_version if "executorch" in app.runtimes else "of the system",
            "source_hash": source_hash,
            "command": [PACKAGE],
            "files": {PACKAGE: hashlib.sha256((made / PACKAGE).read_bytes()).hexdigest()},
        }
        (made / build.FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
        if folder.exists():
            folder.rename(Path(scratch) / "before")
        wheel.move_into_place(made, folder)


def package(built: Path, to: Path) -> None:
    """Write an app's folder as a package that a phone installs: a zip with everything below Payload/."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(built.rglob("*")):
            archive.write(file, Path("Payload") / built.name / file.relative_to(built))
