"""A connection to lockdownd that has lost its session: it is told only what anybody may know, and is opened anew."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytest.importorskip("pymobiledevice3")
from farm.devices.ios.worker.link import Link
from farm.errors import DeviceNotReady

WHOLE = {"ProductVersion": "18.6", "TimeIntervalSince1970": 1.75e9}


class Lockdown:
    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told

    async def get_value(self, key: str | None = None) -> Any:
        return self.told if key is None else self.told.get(key)

    async def close(self) -> None: ...


def a_link(*told: dict[str, Any]) -> Link:
    """Return a link whose first connection tells the first, and so on."""
    waiting = [Lockdown(each) for each in told]

    class Scripted(Link):
        async def lockdown(self) -> Any:
            if self._lockdown is None:
                self._lockdown = waiting.pop(0)
            return self._lockdown

    return Scripted("00008140", "com.example.farm")


def ran(work: Coroutine[Any, Any, Any]) -> Any:
    """Return what work gives, in a thread of its own: in this one another library's loop may run."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def test_a_connection_without_its_session_is_opened_anew() -> None:
    assert ran(a_link({"ProductVersion": "18.6"}, WHOLE).values()) == WHOLE
    assert ran(a_link({}, WHOLE).now_s()) == 1.75e9
    assert ran(a_link(WHOLE).now_s()) == 1.75e9


def test_a_phone_that_does_not_say_what_time_it_is_is_not_ready() -> None:
    with pytest.raises(DeviceNotReady, match="it does not say what time it is"):
        ran(a_link({}, {}).now_s())
