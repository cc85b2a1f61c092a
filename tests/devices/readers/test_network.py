import pytest

from farm.devices.readers.network import wifi_address

TEXT = """\
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
17: rmnet_data1    inet 10.97.12.3/29 scope global rmnet_data1\\       valid_lft forever preferred_lft forever
42: wlan0    inet 192.168.1.20/24 brd 192.168.1.255 scope global wlan0\\       valid_lft forever preferred_lft forever
43: swlan0    inet 192.168.43.1/24 brd 192.168.43.255 scope global swlan0\\       valid_lft forever preferred_lft forever
"""


def test_the_address_is_the_one_of_the_wifi_interface() -> None:
    found = wifi_address(TEXT)
    assert (found.text, found.source) == ("192.168.1.20", "wlan0")
    assert wifi_address(TEXT.replace("wlan0 ", "wlan1 ").replace("swlan1", "swlan0")).text == "192.168.1.20"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (TEXT.replace("42: wlan0", "42: eth0"), "no Wi-Fi interface has an address"),
        ("", "there was no output"),
        ("ip: Cannot open netlink socket: Permission denied\n", "denied: ip: Cannot open netlink socket: Permission denied"),
        (TEXT[: TEXT.index("/24 brd 192.168.1")], "no Wi-Fi interface has an address"),
    ],
)
def test_without_one_the_reason_is_said(text: str, reason: str) -> None:
    found = wifi_address(text)
    assert (found.text, found.reason) == (None, reason)
