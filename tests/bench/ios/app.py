"""The harness app on the stand-in: it keeps the app's conventions (harness/protocol/ios-app.md) and runs the host's real harness."""

import json
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.ios import reports

if TYPE_CHECKING:
    from tests.bench.ios.phone import Phone

_LISTED = ("CFBundleIdentifier", "CFBundleExecutable", "CFBundleName", "CFBundleVersion", "CFBundleShortVersionString", "ApplicationType")
_REPORT_S = 0.3
_STALE = "stale.jsonl"


@dataclass(slots=True)
class App:
    """An installed app, and its process when it runs: an app has one at most."""

    info: dict[str, Any]
    profile: bytes
    container: Path
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    jetsammed: bool = False

    @property
    def bundle(self) -> str:
        """Its identifier."""
        return str(self.info["CFBundleIdentifier"])

    @property
    def executable(self) -> str:
        """The name of its process."""
        return str(self.info["CFBundleExecutable"])

    @property
    def documents(self) -> Path:
        """The folder that a host may see."""
        return self.container / "Documents"

    def listing(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return what the installation proxy says of it."""
        known = {**self.info, "ApplicationType": "User", "Path": f"/private/var/containers/Bundle/{self.executable}.app"}
        wanted = options.get("ReturnAttributes")
        return {key: value for key, value in known.items() if wanted is None or key in wanted or (not wanted and key in _LISTED)}


def launch(phone: "Phone", app: App, arguments: list[str], environment: dict[str, str]) -> int:
    """Start the app's process and return its id."""
    kill(app)
    started = threading.Event()
    pids: list[int] = []
    # One thread starts the process and waits for it: it ends with its parent's thread, also when the bench is killed.
    threading.Thread(target=_run, args=(phone, app, arguments, environment, pids, started), daemon=True).start()
    started.wait()
    return pids[0]


def kill(app: App) -> None:
    """End the app's process, if it runs, and wait until it is gone."""
    process = app.process
    if process is not None:
        process.kill()
        deadline_s = time.monotonic() + 5
        while process.poll() is None and time.monotonic() < deadline_s:
            time.sleep(0.005)


def _run(phone: "Phone", app: App, arguments: list[str], environment: dict[str, str], pids: list[int], started: threading.Event) -> None:
    app.jetsammed = False
    if "FARM_PROBE" in environment:
        process = _start(app, ["sleep", "0.05"], Path("/dev/null"), pids, started)
        process.wait()
        if phone.app_fault != "silent":  # as one that never comes to the front
            _write(app.documents / environment["FARM_PROBE"], json.dumps(_probe(phone)))
        app.process = None
        phone.ended(process.pid, 0)
        return
    run = app.documents / environment.get("FARM_RUN", "runs/none")
    run.mkdir(parents=True, exist_ok=True)
    process = _start(app, _program(phone, arguments, environment), run / "log", pids, started)
    _write(run / "started", json.dumps({"pid": process.pid}))
    if phone.app_fault == "jetsam":
        phone.app_fault = ""
        threading.Timer(0.3, jetsam, (phone, app)).start()
    code = process.wait()
    if code >= 0:
        _as_on_a_phone(run / "result.jsonl")
        _tamper(phone, run)
        _write(run / "exit", str(code))
    app.process = None
    phone.ended(process.pid, code)
    if code < 0 and not app.jetsammed and not phone.keeps_reports_back:
        time.sleep(_REPORT_S)
        reports.crash(phone, app.bundle, app.executable, process.pid, -code)


def _start(app: App, program: list[str], log: Path, pids: list[int], started: threading.Event) -> subprocess.Popen[bytes]:
    """Start a process in the app's Documents; it ends with this thread."""
    with log.open("wb") as output:
        command = ["setpriv", "--pdeathsig", "KILL", *program]
        process = subprocess.Popen(command, cwd=app.documents, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    app.process = process
    pids.append(process.pid)
    started.set()
    return process


def _program(phone: "Phone", arguments: list[str], environment: dict[str, str]) -> list[str]:
    """Return the command that plays the app."""
    if phone.app_fault == "hang":
        return ["sleep", "3600"]
    runtime = environment.get("FARM_RUNTIME", next(iter(phone.harnesses)))
    harness = phone.harnesses.get(runtime)
    if harness is None:
        return ["sh", "-c", 'echo "farm: this harness was built without $1" >&2; exit 2', "sh", runtime]
    return [str((Path(harness["folder"]) / harness["command"][0]).resolve()), *harness["command"][1:], *arguments]


def jetsam(phone: "Phone", app: App) -> None:
    """End the app as the kernel does when it takes too much memory."""
    process = app.process
    if process is not None:
        app.jetsammed = True
        process.kill()
        process.wait()
        reports.jetsam(phone, app.bundle, app.executable, process.pid, 3_500_000_000)


def _probe(phone: "Phone") -> dict[str, Any]:
    return {
        "protocol": 1,
        "thermal_state": phone.thermal_state,
        "low_power_mode": phone.low_power_mode,
        "brightness_ratio": 0.5,
        "memory_available_bytes": phone.profile.memory_bytes // 2,
        "uptime_s": time.monotonic() - phone.booted_s,
    }


def _as_on_a_phone(result: Path) -> None:
    """Give a Linux process's peak the name of an iPhone's: what an iPhone's figure is called has its way through farm to be tested."""
    if result.exists():
        result.write_text(result.read_text().replace('"vm_hwm_bytes"', '"phys_footprint_bytes"'))


def _tamper(phone: "Phone", run: Path) -> None:
    """Do to a result what is never to be believed; and keep a copy of a good one, to be the stale one of a later run."""
    result = run / "result.jsonl"
    if not result.exists():
        return
    fault, phone.app_fault = phone.app_fault, ""
    text = result.read_text()
    match fault:
        case "stale":
            shutil.copyfile(phone.folder / _STALE, result)
        case "truncated":
            result.write_text(text[: len(text) * 2 // 3])
        case "debug":
            result.write_text(text.replace('"build_type":"Release"', '"build_type":"Debug"'))
        case "other_model":
            result.write_text(text.replace(json.loads(text.splitlines()[0])["job"]["model_sha256"], "0" * 64))
        case "missing":
            result.unlink()
        case _:
            shutil.copyfile(result, phone.folder / _STALE)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_text(text)
        partial.rename(path)
    except FileNotFoundError:
        pass  # the host has removed the folder meanwhile
