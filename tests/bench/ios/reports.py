"""Reports of ends that nobody wanted, in the form in which iOS writes them.

A report is two JSON texts, the first a line of its own ("Interpreting the JSON format of a crash report", developer.apple.com).
"""

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.ios.phone import Phone

_SIGNALS = {
    4: ("SIGILL", "Illegal instruction: 4", "EXC_BAD_INSTRUCTION"),
    5: ("SIGTRAP", "Trace/BPT trap: 5", "EXC_BREAKPOINT"),
    6: ("SIGABRT", "Abort trap: 6", "EXC_CRASH"),
    8: ("SIGFPE", "Floating point exception: 8", "EXC_ARITHMETIC"),
    10: ("SIGBUS", "Bus error: 10", "EXC_BAD_ACCESS"),
    11: ("SIGSEGV", "Segmentation fault: 11", "EXC_BAD_ACCESS"),
}
_PAGE_BYTES = 16 * 1024


def crash(phone: "Phone", bundle: str, executable: str, pid: int, signal: int) -> None:
    """Write the report of a process that a signal ended. A process that is killed (signal 9) leaves none."""
    if signal not in _SIGNALS:
        return
    name, indicator, exception = _SIGNALS[signal]
    now = datetime.now(UTC)
    incident = str(uuid.uuid4()).upper()
    head = {
        "app_name": executable,
        "timestamp": now.strftime("%Y-%m-%d %H:%M:%S.00 +0000"),
        "app_version": "1.0",
        "slice_uuid": str(uuid.uuid4()),
        "build_version": "1",
        "platform": 2,
        "bundleID": bundle,
        "bug_type": "309",
        "os_version": f"iPhone OS {phone.profile.version} ({phone.profile.build})",
        "incident_id": incident,
        "name": executable,
    }
    body = {
        "incident": incident,
        "pid": pid,
        "procName": executable,
        "procPath": f"/private/var/containers/Bundle/Application/{uuid.uuid4()}/{executable}.app/{executable}",
        "bundleInfo": {"CFBundleIdentifier": bundle, "CFBundleVersion": "1"},
        "modelCode": phone.profile.product_type,
        "captureTime": now.strftime("%Y-%m-%d %H:%M:%S.0000 +0000"),
        "exception": {"codes": "0x0000000000000000, 0x0000000000000000", "rawCodes": [0, 0], "type": exception, "signal": name},
        "termination": {"flags": 0, "code": signal, "namespace": "SIGNAL", "indicator": indicator, "byProc": executable, "byPid": pid},
        "asi": {"libsystem_c.dylib": ["abort() called"]} if name == "SIGABRT" else {},
        "faultingThread": 0,
    }
    _write(phone, f"{executable}-{now:%Y-%m-%d-%H%M%S}.ips", head, body)


def jetsam(phone: "Phone", bundle: str, executable: str, pid: int, footprint_bytes: int) -> None:
    """Write the report of a process that took too much memory."""
    now = datetime.now(UTC)
    incident = str(uuid.uuid4()).upper()
    head = {
        "bug_type": "298",
        "timestamp": now.strftime("%Y-%m-%d %H:%M:%S.00 +0000"),
        "os_version": f"iPhone OS {phone.profile.version} ({phone.profile.build})",
        "incident_id": incident,
    }
    body = {
        "build": f"iPhone OS {phone.profile.version} ({phone.profile.build})",
        "product": phone.profile.product_type,
        "incident": incident,
        "memoryStatus": {"pageSize": _PAGE_BYTES},
        "largestProcess": executable,
        "processes": [
            {"name": "SpringBoard", "pid": 34, "rpages": 9000, "states": ["active"]},
            {
                "name": executable,
                "pid": pid,
                "coalition": 633,
                "rpages": footprint_bytes // _PAGE_BYTES,
                "lifetimeMax": footprint_bytes // _PAGE_BYTES,
                "states": ["frontmost"],
                "reason": "per-process-limit",
                "bundle": bundle,
            },
        ],
    }
    _write(phone, f"JetsamEvent-{now:%Y-%m-%d-%H%M%S}.ips", head, body)


def _write(phone: "Phone", name: str, head: object, body: object) -> None:
    path = phone.crashes / name
    number = 1
    while path.exists():
        path = phone.crashes / name.replace(".ips", f"-{number:03}.ips")
        number += 1
    partial = path.with_suffix(".tmp")
    partial.write_text(json.dumps(head) + "\n" + json.dumps(body, indent=2))
    partial.rename(path)
