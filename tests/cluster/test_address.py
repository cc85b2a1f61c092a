"""Addresses of schedulers: encrypted, or on this very machine."""

import pytest

from farm.cluster.address import Address, parsed
from farm.errors import InputError


def test_an_address_is_read_and_written() -> None:
    assert parsed("tls://10.0.0.1:8786") == Address("tls", "10.0.0.1", 8786)
    assert str(parsed("tls://rack.example:1")) == "tls://rack.example:1"


@pytest.mark.parametrize(
    "text", ["10.0.0.1:8786", "tls://10.0.0.1", "tls://:8786", "tls://h:0", "tls://h:65536", "http://h:1", "tls://h:1/x"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no address of a scheduler"):
        parsed(text)


@pytest.mark.parametrize("host", ["10.0.0.1", "0.0.0.0", "localhost", "rack2"])
def test_plain_tcp_is_for_this_machine_only(host: str) -> None:
    with pytest.raises(InputError, match="neither encrypted nor protected"):
        parsed(f"tcp://{host}:8786")
    assert not parsed("tcp://127.0.0.1:8786").encrypted
