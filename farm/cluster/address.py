"""Where a cluster meets: tls://host:port, or tcp:// on this very machine."""

import ipaddress
import re
from dataclasses import dataclass

from farm.errors import InputError

_FORM = re.compile(r"(tls|tcp)://([A-Za-z0-9][A-Za-z0-9._-]*):([0-9]{1,5})")
_PORTS = range(1, 65536)


@dataclass(frozen=True, slots=True)
class Address:
    """A scheduler's address."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def encrypted(self) -> bool:
        """Whether keys are needed."""
        return self.scheme == "tls"


def parsed(text: str) -> Address:
    """Return an address as it was written. Raises InputError; also for plain TCP anywhere but on this machine."""
    found = _FORM.fullmatch(text)
    if found is None or int(found[3]) not in _PORTS:
        raise InputError(f'"{text}" is no address of a scheduler', hint="tls://10.0.0.1:8786")
    address = Address(found[1], found[2], int(found[3]))
    if not address.encrypted and not _loopback(address.host):
        raise InputError(
            f"{text} would be neither encrypted nor protected: whoever reaches it could run programs on every host",
            hint=f"farm cluster keys, then tls://{address.host}:{address.port}; plain TCP is for 127.0.0.1 only",
        )
    return address


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name may mean another machine tomorrow
        return False
