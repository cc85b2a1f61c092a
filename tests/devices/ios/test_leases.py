"""An iPhone is held by one host at a time."""

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from farm.devices.ios.device import IosTransport
from farm.devices.transport import Holder, Status
from farm.errors import DeviceBusy
from farm.workloads import Device
from tests.bench.ios import Iphone
from tests.conftest import FakeModel
from tests.devices import on, started


def test_a_phone_is_held_by_one_host_at_a_time(phone: Iphone, device: Device, transport: IosTransport) -> None:
    transport.claim(Holder("host-one", "process 7 of ann on rack1: farm run"))
    other = IosTransport(device)
    with pytest.raises(DeviceBusy, match="iphone16pro is held by process 7 of ann on rack1: farm run"):
        other.claim(Holder("host-two", "somebody else"))
    asking = IosTransport(device)
    assert asking.holder() == Holder("host-one", "process 7 of ann on rack1: farm run")
    phone.state(clock_offset_s=241.0)  # no sign of life for so long
    assert asking.holder() is None
    asking.release()
    other.claim(Holder("host-two", "somebody else"))
    transport.lease.renewed_s = -1000.0
    with pytest.raises(DeviceBusy, match="held by somebody else"):
        transport.vitals("before")
    transport.lease.give_up()
    other.release()
    assert not (phone.documents / "lease.json").exists()


def test_another_controllers_look_at_a_phone_that_is_held_leaves_what_runs_there_alone(
    phone: Iphone, device: Device, transport: IosTransport, fake_model: FakeModel, tmp_path: Path
) -> None:
    phone.package(tmp_path / "harness.ipa", source_hash="another build")
    transport.claim(Holder("host-one", "process 7 of ann on rack1: farm run"))
    other = IosTransport(device)
    other.preflight()
    identity = transport.identify()
    job = on(device, fake_model(sleep_ns=300_000_000))
    handle = started(transport, job)
    other.preflight()
    assert other.identify() == identity
    other.device = replace(device, harness=tmp_path / "harness.ipa")
    with pytest.raises(DeviceBusy, match="is held by process 7 of ann on rack1"):
        other.preflight()
    assert transport.poll(handle) is Status.RUNNING
    assert transport.wait(handle, 20.0) is Status.ENDED
    assert transport.collect(handle).exit_code == 0
    transport.clean(handle)
    transport.lease.give_up()
    transport.phone.release("host-one")


def test_a_lease_is_renewed_while_a_big_file_is_sent_and_read_back(phone: Iphone, transport: IosTransport, tmp_path: Path) -> None:
    transport.reconnect()  # over the cable that is to be slow
    transport.lease.seconds = 4.0
    transport.claim(Holder("here", "a test"))
    file = tmp_path / "big"
    file.write_bytes(bytes(range(256)) * 16_000 + b"leased")
    phone.cable(rate_bytes_per_s=1_000_000)
    left_s: list[float] = []
    began_s = time.monotonic()
    sending = threading.Thread(target=transport.push, args=(file, "files/leased"))
    sending.start()
    while sending.is_alive():
        left_s.append(json.loads((phone.documents / "lease.json").read_text())["until_s"] - time.time())
        time.sleep(0.1)
    phone.cable()
    assert time.monotonic() - began_s > transport.lease.seconds
    assert min(left_s) > 0
    transport.lease.give_up()
    transport.phone.release("here")


def test_two_hosts_that_claim_at_once_do_not_both_get_the_phone(phone: Iphone, device: Device, transport: IosTransport) -> None:
    transports = [transport, IosTransport(device)]
    transports[1].preflight()
    got: list[str] = []
    barrier = threading.Barrier(2)

    def claim(number: int) -> None:
        barrier.wait()
        try:
            transports[number].claim(Holder(f"host-{number}", f"host {number}"))
            got.append(f"host-{number}")
        except DeviceBusy:
            pass

    for _ in range(5):
        threads = [threading.Thread(target=claim, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(got) == 1
        got.clear()
        for number, each in enumerate(transports):
            each.lease.give_up()
            each.phone.release(f"host-{number}")
    transports[1].phone.worker.close()
