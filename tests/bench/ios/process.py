"""The stand-in's process: a usbmuxd on a port of its own, and phones on it, until standard input ends.

Usage: python -m tests.bench.ios.process   (the first line on standard input says what is to be there, in JSON)

Says the mux's port, then obeys lines of JSON, each answered by one: {"phone": NAME, "do": WHAT, ...}.
"""

import json
import sys
import threading
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench.ios import afc, app, phone, reports
from tests.bench.ios.link import NEVER, Cable
from tests.bench.ios.mux import Mux
from tests.bench.ios.profiles import PROFILES


def obey(one: phone.Phone, command: dict[str, Any]) -> object:
    """Do to a phone what a test asks for."""
    match command["do"]:
        case "set":
            for name, value in command["values"].items():
                target, _, last = name.rpartition(".")
                known = value.encode() if last in ("image", "manifest") and value is not None else value
                setattr(getattr(one, target) if target else one, last, known)
        case "read":
            return getattr(one, command["name"])
        case "plug" | "unplug" | "cut_links" | "drop_tunnels" | "revoke_trust" | "suspend" as method:
            getattr(one, method)()
        case "reboot":
            one.reboot(command["away_s"])
        case "cable":
            one.cable.frozen = command["frozen"]
            one.cable.rate_bytes_per_s = command["rate_bytes_per_s"] or NEVER
            one.cable.left_bytes = command["left_bytes"] or NEVER
        case "afc_fault":
            fault = afc.Fault(command["code"], command["times"])
            one.afc_faults.by_operation[afc.OPERATIONS[command["operation"]]] = fault
        case "heal":
            one.afc_faults.by_operation.clear()
            one.afc_faults.room_bytes = None
        case "app":
            return _app(one, command)
        case _:
            raise ValueError(f"nobody knows how to {command['do']}")
    return None


def _app(one: phone.Phone, command: dict[str, Any]) -> object:
    bundle = command["bundle"]
    match command["action"]:
        case "install":
            until = datetime.now(UTC) + timedelta(days=command["days"])
            one.add_app(phone.app_info(bundle, one.harnesses, command["protocol"]), phone.provisioning(bundle, until))
        case "remove":
            one.remove_app(bundle)
        case "documents":
            return str(one.apps[bundle].documents)
        case "pid":
            process = one.apps[bundle].process
            return None if process is None else process.pid
        case "jetsam":
            app.jetsam(one, one.apps[bundle])
        case "report":
            reports.crash(one, bundle, "FarmHarness", command["pid"], command["signal"])
        case "package":
            _package(one, bundle, Path(command["path"]), command["protocol"], command["source_hash"])
    return None


def _package(one: phone.Phone, bundle: str, path: Path, protocol: int, source_hash: str) -> None:
    """Write the app as a package that can be installed."""
    import plistlib

    info = phone.app_info(bundle, one.harnesses, protocol)
    if source_hash:
        info["FarmRuntimes"] = {runtime: {**each, "source_hash": source_hash} for runtime, each in info["FarmRuntimes"].items()}
    with zipfile.ZipFile(path, "w") as package:
        folder = "Payload/FarmHarness.app"
        package.writestr(f"{folder}/Info.plist", plistlib.dumps(info))
        package.writestr(f"{folder}/embedded.mobileprovision", phone.provisioning(bundle, datetime.now(UTC) + timedelta(days=300)))


def main() -> None:
    """Serve until standard input ends."""
    wanted = json.loads(sys.stdin.readline())
    mux = Mux()
    phones = {}
    for name, each in wanted["phones"].items():
        one = phone.make(PROFILES[each["profile"]], Path(wanted["folder"]) / name, mux, wanted["harnesses"], wanted["bundle"])
        one.cable = Cable(pull=one.unplug)
        mux.plug(one)
        phones[name] = one
    threading.Thread(target=mux.serve_forever, daemon=True).start()
    _say(mux.port)
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "forget":
            mux.records.pop(phones[command["phone"]].udid, None)
            _say(None)
            continue
        _say(obey(phones[command["phone"]], command))


def _say(answer: object) -> None:
    sys.stdout.write(f"{json.dumps(answer)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
