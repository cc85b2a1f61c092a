"""Who is let in: a scheduler on this machine, asked by those with keys, without any, with expired ones and with another cluster's."""

import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from farm.cluster import keys
from farm.cluster.address import Address, parsed
from farm.cluster.probe import knock
from farm.errors import HostAway, InputError
from tests.cluster.network import until
from tests.conftest import ROOT
from tests.processes import command, completed

NOW = datetime.now(UTC)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Meeting:
    """A scheduler and the folder of all keys."""

    address: Address
    data: Path

    @property
    def keys(self) -> Path:
        return self.data / "cluster" / "keys"

    def farm(self, *arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        return completed(command(*arguments, data=folder or self.data), self.data)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def meeting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meeting]:
    data = tmp_path_factory.mktemp("data")
    address = parsed(f"tls://127.0.0.1:{free_port()}")
    keys.make(data / "cluster" / "keys", [keys.SCHEDULER, "rack1"], NOW, 30)
    command = [sys.executable, "-m", "farm", "--data", str(data), "cluster", "scheduler", "--listen", str(address)]
    with (data / "said").open("w") as said:
        process = subprocess.Popen(command, cwd=data, stderr=said, env=environment())
    until(lambda: "the scheduler listens" in (data / "said").read_text())
    yield Meeting(address, data)
    process.terminate()
    assert process.wait(20) == 0
    assert "Traceback" not in (data / "said").read_text()


def own(meeting: Meeting, name: str = "rack1") -> keys.Keys:
    return keys.opened(meeting.keys / name, NOW)[0]


def test_who_has_keys_is_let_in(meeting: Meeting) -> None:
    knock(meeting.address, own(meeting))


def test_who_has_no_keys_is_refused_before_a_word_is_said(meeting: Meeting) -> None:
    context = ssl.create_default_context(cafile=str(meeting.keys / "ca.pem"))
    context.check_hostname = False
    address = (meeting.address.host, meeting.address.port)
    with socket.create_connection(address, 5) as plain, context.wrap_socket(plain) as encrypted, pytest.raises(ssl.SSLError) as refusal:
        encrypted.recv(1)  # with TLS 1.3 the refusal comes after the handshake
    assert refusal.value.reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED"


def test_who_speaks_no_tls_hears_nothing(meeting: Meeting) -> None:
    with socket.create_connection((meeting.address.host, meeting.address.port), 5) as plain:
        plain.sendall(b"\x01" + bytes(64))
        try:
            heard = plain.recv(4096)
        except ConnectionResetError:
            heard = b""
    assert heard == b"" or heard[0] == 21  # a TLS alert


def test_keys_of_another_cluster_are_refused_by_both_sides(meeting: Meeting, tmp_path: Path) -> None:
    (others,) = keys.make(tmp_path, ["rack1"], NOW, 30)
    with pytest.raises(InputError, match=r"is not a scheduler of this cluster: self-signed certificate"):
        knock(meeting.address, others)
    others.authority.write_bytes((meeting.keys / "ca.pem").read_bytes())
    with pytest.raises(InputError, match=r"does not let rack1 in: .*(unknown ca|certificate)"):
        knock(meeting.address, others)


def test_an_expired_certificate_is_refused_and_says_so(meeting: Meeting) -> None:
    (expired,) = keys.make(meeting.keys, ["old"], NOW - timedelta(days=3), 1)
    with pytest.raises(InputError, match=r"does not let old in: .*certificate expired"):
        knock(meeting.address, expired)
    done = meeting.farm("cluster", "worker", "--scheduler", meeting.address, "--name", "old")
    assert done.returncode == 2
    assert "the certificate of old expired on" in done.stderr
    assert "--renew" in done.stderr


def test_where_nobody_listens_that_is_said(meeting: Meeting) -> None:
    with pytest.raises(HostAway, match=r"no scheduler answers at tls://127\.0\.0\.1:.*: Connection refused"):
        knock(Address("tls", "127.0.0.1", free_port()), own(meeting))


def test_commands_without_keys_say_what_makes_them(meeting: Meeting, tmp_path: Path) -> None:
    done = meeting.farm("cluster", "status", "--cluster", meeting.address, folder=tmp_path)
    assert done.returncode == 2
    assert "there are no keys of the cluster" in done.stderr
    assert "hint: farm cluster keys makes them" in done.stderr


def test_a_worker_is_called_as_its_certificate_says(meeting: Meeting) -> None:
    done = meeting.farm("cluster", "worker", "--scheduler", meeting.address, "--name", "rack2", "--keys", meeting.keys / "rack1")
    assert done.returncode == 2
    assert "are those of rack1, not of rack2" in done.stderr


def test_a_second_scheduler_on_the_same_address_says_that_it_is_taken(meeting: Meeting) -> None:
    done = meeting.farm("cluster", "scheduler", "--listen", meeting.address)
    assert done.returncode == 2
    assert f"{meeting.address} cannot be listened on: [Errno 98] Address already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_but_the_encrypted_port_is_open_to_others(meeting: Meeting) -> None:
    """distributed opens one more, for pages: on the loopback interface, and it has none."""
    inodes = {
        link for path in Path("/proc").glob("[0-9]*/fd/*") if (link := target(path)).startswith("socket:") and is_scheduler(path, meeting)
    }
    listening = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    own_ports = [row[1] for row in listening if row[3] == "0A" and f"socket:[{row[9]}]" in inodes]
    assert own_ports
    assert all(address.split(":")[0] == "0100007F" for address in own_ports)  # 127.0.0.1


def target(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:  # closed meanwhile
        return ""


def is_scheduler(descriptor: Path, meeting: Meeting) -> bool:
    try:
        return str(meeting.address).encode() in (descriptor.parents[1] / "cmdline").read_bytes()
    except OSError:
        return False
