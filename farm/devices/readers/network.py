"""Where an Android device is on the network."""

import re

from farm.devices.readers import errors
from farm.devices.readers.reading import Reading, absent, complete_lines

NAME = "wifi_address"

_LINE = re.compile(r"[0-9]+: (\S+) +inet ([0-9]{1,3}(?:\.[0-9]{1,3}){3})/[0-9]{1,2} .*")


def wifi_address(text: str) -> Reading:
    """Read `ip -o -f inet addr`: wifi_address, the IPv4 address of the Wi-Fi interface (wlan0, wlan1, ...).

    A phone has others: the mobile network's (rmnet, ccmni), that of its own hot spot (swlan, ap), and lo.
    """
    found: dict[str, str] = {}
    for line in complete_lines(text):
        match = _LINE.fullmatch(line)
        if match is not None and re.fullmatch(r"wlan[0-9]+", match[1]):
            found.setdefault(match[1], match[2])
    if not found:
        return absent(NAME, "ip addr", errors.why(text, "no Wi-Fi interface has an address"))
    name = min(found)
    return Reading(NAME, text=found[name], source=name)
