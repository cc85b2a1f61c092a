"""A night in the queue: its canary's requests and its own, and what a cancelled one comes to."""

import os
from concurrent.futures import ThreadPoolExecutor

from farm.cli import unfinished
from farm.cli.nightly_steps import usual_steps
from farm.cli.queue import requests
from farm.queue import Priority
from tests.cli import gating
from tests.cli.gating import a_model
from tests.cli.nights import Lab, a_suite
from tests.cli.sharing import waited


def test_the_canary_of_a_night_stands_in_line_as_the_night_does(lab: Lab) -> None:
    no_wheel = lab.home / "none.whl"
    words = usual_steps().canary(lab.context, [lab.context.lab().device("local")], no_wheel)
    assert str(no_wheel) in words
    assert lab.sql("SELECT purpose, priority FROM queue_requests") == [{"purpose": "canary", "priority": Priority.NIGHTLY}]


def test_a_canary_that_was_killed_is_sung_anew_and_leaves_nothing_unfinished(lab: Lab) -> None:
    killed = unfinished.begin(lab.context.data, "019b0000-0000-7000-8000-000000000000", "canary", {}, "plan")
    os.close(killed.lock)
    usual_steps().canary(lab.context, [lab.context.lab().device("local")], lab.home / "none.whl")
    assert unfinished.abandoned(lab.context.data) == []


def test_a_device_whose_request_is_cancelled_is_let_go_for_the_night_and_says_who_did_it(lab: Lab) -> None:
    a_model(lab.home / "net.fake", sleep_ns=400_000_000)  # two seconds a run
    a_suite(lab.home, workloads=("net",), repeat=8)

    def cancelled() -> None:
        (request,) = waited(lambda: requests(lab.context) or None, lambda: "a request")
        assert gating.called(lab.home, "queue", "cancel", request.id).returncode == 0

    with ThreadPoolExecutor(1) as pool:
        cancelling = pool.submit(cancelled)
        assert lab.night() == 3
        cancelling.result()
    states = lab.states()
    assert states["accounted for"] > 0
    assert states["done"] + states["accounted for"] == 8
    (row,) = lab.sql("SELECT DISTINCT reason FROM expected_answers WHERE NOT is_valid")
    assert "cancelled this request" in str(row["reason"])
    assert len(lab.sql("SELECT id FROM queue_requests")) == 1
