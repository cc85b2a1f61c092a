"""The kinds of phones there are: profiles/NAME.toml -> what each of their files says.

Names and figures are those of the genuine models where they are public; build numbers are made up in the vendor's form.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

_FOLDER = Path(__file__).parent / "profiles"
X86_64 = "x86_64"
ARM64 = "arm64-v8a"
MACHINES = {X86_64: "x86_64", ARM64: "aarch64"}

_SETTINGS = {
    "global": {
        "adb_enabled": "1",
        "airplane_mode_on": "0",
        "airplane_mode_radios": "cell,bluetooth,uwb,wifi,wimax",
        "animator_duration_scale": "1.0",
        "low_power": "0",
        "stay_on_while_plugged_in": "0",
        "wifi_on": "1",
        "zen_duration": "null",
    },
    "system": {"screen_brightness": "102", "screen_brightness_mode": "1", "screen_off_timeout": "30000"},
    "secure": {"location_mode": "3"},
}
_ARM_FEATURES = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc dcpop asimddp"


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of phone. Texts may hold @NAME@ of what native/readings.cpp knows."""

    name: str
    vendor: str
    cores: tuple[tuple[str, str, int], ...]
    """Implementer, part and number of each kind of core, the slowest first."""
    memory_kb: int
    kernel: str
    closed: tuple[str, ...]
    """Folders below /sys whose files a shell may not read."""
    zones: tuple[str, ...]
    """Thermal zones, as TYPE=READING."""
    properties: dict[str, str]
    physics: dict[str, str]
    policies: dict[str, tuple[int, int, int]]
    """First core -> number of cores, slowest and fastest clock in kHz."""
    rails: dict[str, str] = field(default_factory=dict)
    supplies: dict[str, dict[str, str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def numbers(self) -> dict[str, str]:
        """Return what the phone's programs read: physics, cores, clocks, rails and memory."""
        return (
            self.physics
            | {f"policy.{first}": f"{slowest}:{fastest}" for first, (_, slowest, fastest) in self.policies.items()}
            | {f"rail.{name}": part for name, part in self.rails.items()}
            | {"memory_kb": str(self.memory_kb), "memory_free_kb": str(self.memory_kb // 2), "reboot_s": "3"}
            | {"cores": str(sum(count for _, _, count in self.cores))}
        )

    def all_properties(self, abi: str, serialno: str) -> dict[str, str]:
        """Return every property, those that adbd needs among them."""
        return self.properties | {
            "ro.serialno": serialno,
            "ro.boot.serialno": serialno,
            "ro.product.cpu.abi": abi,
            "ro.product.cpu.abilist": abi,
            "ro.build.type": "user",
            "ro.debuggable": "0",
            "ro.secure": "1",
            "sys.boot_completed": "1",
            "dev.bootcomplete": "1",
            "persist.sys.boot.reason.history": "reboot,1767322990",
            "service.adb.listen_addrs": "tcp:5555",
        }

    def all_settings(self) -> dict[str, dict[str, str]]:
        """Return the settings of each namespace as a new phone has them."""
        return _SETTINGS

    def proc_files(self, abi: str) -> dict[str, str]:
        """Return what stands in place of the machine's own files of /proc."""
        memory = {"MemTotal": self.memory_kb, "MemFree": self.memory_kb // 5, "MemAvailable": self.memory_kb // 2, "Buffers": 4000}
        return {
            "uptime": "@uptime_s@ @uptime_s@\n",
            "stat": "cpu  @stat_busy@ 0 0 @stat_idle@ 0 0 0 0 0 0\n",
            "boot_id": "",
            "cpuinfo": self._cpuinfo(),
            "meminfo": "".join(f"{name + ':':<15}{value:>9} kB\n" for name, value in memory.items()),
            "version": f"Linux version {self.kernel} (build@bench) (clang version 18.0.0) #1 SMP PREEMPT\n",
            "environment": f"BENCH_MACHINE={MACHINES[abi]}\nBENCH_KERNEL={self.kernel}\n",
        }

    def _cpuinfo(self) -> str:
        kinds = [(implementer, part) for implementer, part, count in self.cores for _ in range(count)]
        return "".join(
            f"processor\t: {number}\nBogoMIPS\t: 38.40\nFeatures\t: {_ARM_FEATURES}\nCPU implementer\t: {implementer}\n"
            f"CPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: {part}\nCPU revision\t: 1\n\n"
            for number, (implementer, part) in enumerate(kinds)
        )

    def sys_files(self) -> dict[str, str]:
        """Return the files below /sys."""
        count = sum(number for _, _, number in self.cores)
        files = {f"devices/system/cpu/{name}": f"0-{count - 1}\n" for name in ("online", "present", "possible")}
        for first, (number, slowest, fastest) in self.policies.items():
            folder = f"devices/system/cpu/cpufreq/policy{first}"
            cores = " ".join(str(int(first) + at) for at in range(number))
            files |= {
                f"{folder}/affected_cpus": f"{cores}\n",
                f"{folder}/related_cpus": f"{cores}\n",
                f"{folder}/cpuinfo_min_freq": f"{slowest}\n",
                f"{folder}/cpuinfo_max_freq": f"{fastest}\n",
                f"{folder}/scaling_min_freq": f"{slowest}\n",
                f"{folder}/scaling_max_freq": f"@policy{first}_max_khz@\n",
                f"{folder}/scaling_cur_freq": f"@policy{first}_khz@\n",
                f"{folder}/scaling_governor": "walt\n" if self.properties["ro.hardware"] == "qcom" else "sched_pixel\n",
            }
        for number, zone in enumerate(self.zones):
            kind, reading = zone.split("=")
            folder = f"class/thermal/thermal_zone{number}"
            files |= {f"{folder}/type": f"{kind}\n", f"{folder}/temp": f"@{reading}_mc@\n"}
        for supply, values in self.supplies.items():
            files |= {f"class/power_supply/{supply}/{name}": f"{text.strip()}\n" for name, text in values.items()}
        return files | {path: text.lstrip("\n") for path, text in self.files.items()}

    def sys_links(self) -> dict[str, str]:
        """Return the links below /sys: each core's cpufreq folder."""
        return {
            f"devices/system/cpu/cpu{int(first) + at}/cpufreq": f"../cpufreq/policy{first}"
            for first, (number, _, _) in self.policies.items()
            for at in range(number)
        }


def names() -> list[str]:
    """Return the names of all profiles."""
    return sorted(file.stem for file in _FOLDER.glob("*.toml"))


def load(name: str) -> Profile:
    """Return the profile called name."""
    given = tomllib.loads((_FOLDER / f"{name}.toml").read_text())
    return Profile(
        name=name,
        vendor=given["vendor"],
        cores=tuple((implementer, part, count) for implementer, part, count in given["cores"]),
        memory_kb=given["memory_kb"],
        kernel=given["kernel"],
        closed=tuple(given["closed"]),
        zones=tuple(given["zones"]),
        properties=given["properties"],
        physics={key: str(value) for key, value in given["physics"].items()},
        policies={first: (number, slowest, fastest) for first, (number, slowest, fastest) in given["policies"].items()},
        rails=given.get("rails", {}),
        supplies=given.get("supplies", {}),
        files=given.get("files", {}),
    )
