"""A host's sessions: taken up instead of begun twice, asked for as often as need be, ended when nobody asks any more."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import pytest

from farm.cluster import host as hosts
from farm.cluster.files import Files
from farm.cluster.host import Host, HostedSession, Work
from farm.cluster.order import Answer, Ended, Order, Told, told
from farm.errors import ConfigError, DeviceLost, HostAway, InputError, StoreBusy
from farm.records import record
from farm.workloads import Provenance
from tests.cluster.network import until
from tests.conftest import LOCAL, a_job, a_run, a_session, an_artifact

JOB = a_job(an_artifact())
ORDER = Order("night-s25", "first", "here", replace(LOCAL, name="s25", host="rack1"), (JOB,), {}, Provenance("0.1.0"), 1, "farm run")


@dataclass
class Measures:
    """A session that journals runs and ends when it is told to."""

    runs: int = 2
    go: Event = field(default_factory=Event)
    begun: int = 0
    failure: InputError | None = None

    def __call__(self, hosted: HostedSession, work: Work) -> Ended:
        assert work.device.host is None
        self.begun += 1
        hosted.stop = hosted.drain = self.go.set
        session = a_session()
        for _ in range(self.runs):
            hosted.journal.write(record(session, a_run(session)))
        assert self.go.wait(10)
        if self.failure is not None:
            raise self.failure
        return Ended(stopped=hosted.stopping.is_set())


def a_host(data: Path, measures: Measures) -> Host:
    Files(data / "cluster").path("0" * 64).parent.mkdir(parents=True, exist_ok=True)
    return Host("rack1", data, "0.1.0", measures, lambda _: Answer(None), lambda: 0.0)


@pytest.fixture
def measures() -> Measures:
    return Measures()


@pytest.fixture
def host(tmp_path: Path, measures: Measures) -> Host:
    return a_host(tmp_path, measures)


def over(session: HostedSession) -> Ended:
    assert session.over.wait(10)
    assert session.ended is not None
    return session.ended


def runs_of(host: Host, known: tuple[str, ...] = ()) -> list[str]:
    return [rows["runs"][0]["id"] for rows in host.progress(ORDER.id, known).records]


def test_an_order_that_comes_again_takes_its_session_up(host: Host, measures: Measures) -> None:
    session = host.begin(ORDER)
    assert host.begin(ORDER) is session
    assert host.begin(replace(ORDER, token="another")) is session  # while it goes on, whoever asks
    measures.go.set()
    assert over(session) == Ended()
    assert host.begin(ORDER) is session
    assert measures.begun == 1


def test_what_is_left_is_begun_anew_for_another_asker_and_after_a_stop(host: Host, measures: Measures) -> None:
    first = host.begin(ORDER)
    host.stop(ORDER.id)
    assert over(first) == Ended(stopped=True)
    again = host.begin(ORDER)
    assert again is not first
    over(again)
    over(host.begin(replace(ORDER, token="another")))
    assert measures.begun == 3


def test_a_session_that_is_to_end_after_its_run_is_begun_anew_when_it_is_asked_for_again(host: Host, measures: Measures) -> None:
    first = host.begin(ORDER)
    until(lambda: measures.begun == 1)
    host.drain(ORDER.id)
    assert over(first) == Ended(stopped=True)
    assert host.begin(ORDER) is not first
    over(host.begin(ORDER))


def test_runs_are_told_until_they_are_known_and_the_end_only_after_the_last(
    host: Host, measures: Measures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "_MOST_BYTES", 1)  # one run an answer
    session = host.begin(ORDER)
    measures.go.set()
    over(session)
    (first,) = runs_of(host)
    assert runs_of(host) == [first]  # an answer that was lost on its way is given again
    assert host.progress(ORDER.id, ()).ended is None
    (second,) = runs_of(host, (first,))
    assert host.progress(ORDER.id, (first,)).ended == Ended()
    last = host.progress(ORDER.id, (first, second))
    assert (last.records, last.ended) == ((), Ended())


def test_another_process_of_the_host_knows_what_the_one_before_has_measured(host: Host, measures: Measures, tmp_path: Path) -> None:
    measures.go.set()
    over(host.begin(ORDER))
    after = a_host(tmp_path, measures)
    assert runs_of(after) == runs_of(host)
    assert after.progress(ORDER.id, ()).ended is None
    assert not after.progress("of-nobody", ()).known


def test_runs_that_the_asker_has_are_not_measured_again(host: Host, measures: Measures) -> None:
    session = a_session()
    run = a_run(session)
    measures.go.set()
    over(host.begin(replace(ORDER, earlier=(record(session, run),))))
    assert run.id in runs_of(host)
    assert len(runs_of(host)) == 3


def test_what_nobody_received_to_its_end_waits_for_its_own_database(host: Host, measures: Measures) -> None:
    session = host.begin(ORDER)
    assert host.waiting() == {}  # it goes on
    measures.go.set()
    over(session)
    assert host.waiting("here") == {ORDER.id: 2}
    assert host.waiting("elsewhere") == {}
    assert host.hello().waiting == 2
    host.collected(ORDER.id)
    assert host.waiting() == {}
    assert len(runs_of(host)) == 2  # kept for whoever goes on with it


@pytest.mark.parametrize("connected", [True, False])
def test_a_session_is_ended_when_nobody_asks_who_could(host: Host, connected: bool) -> None:
    session = host.begin(ORDER)
    host.connected = connected
    session.asked_s -= 3600
    host.end_the_orphaned()
    assert session.stopping.is_set() == connected
    host.stop(ORDER.id)
    over(session)


def test_a_host_that_closes_ends_its_sessions(host: Host) -> None:
    session = host.begin(ORDER)
    assert host.close() == 1
    assert over(session).stopped
    assert host.hello().sessions == {}


def test_a_failure_is_told_in_words(host: Host, measures: Measures) -> None:
    measures.failure = InputError("s25 is the same device as s24", hint="name it once")
    measures.go.set()
    failure = over(host.begin(ORDER)).failure
    assert failure == Told("InputError", "s25 is the same device as s24", "name it once")


@pytest.mark.parametrize("order", ["../x", "a/b", ""])
def test_an_order_whose_name_leads_elsewhere_is_refused(host: Host, order: str) -> None:
    with pytest.raises(InputError, match="is no name of an order"):
        host.progress(order, ())


@pytest.mark.parametrize(
    "error", [HostAway("a", hint="b"), StoreBusy("a", hint="b"), DeviceLost("a", error_class="gone", hint="b"), InputError("a", hint="b")]
)
def test_an_error_is_the_same_on_the_other_host(error: HostAway) -> None:
    again = told(error).error
    assert (type(again), again.message, again.hint) == (type(error), "a", "b")
    assert getattr(again, "error_class", None) == getattr(error, "error_class", None)


@pytest.mark.parametrize("kind", ["ConfigError", "OfAnotherVersion", "Outcome", "__builtins__"])
def test_an_error_of_no_kind_known_here_is_told_all_the_same(kind: str) -> None:
    assert Told(kind, "a", None).error.message == "a"
    assert told(ConfigError(["a", "b"])).error.message == "a\nb"
