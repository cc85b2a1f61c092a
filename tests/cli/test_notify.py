import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.cli import notified
from farm.cli.context import Context
from farm.notices import Kind, Notice, Target, of_rack
from tests.bench.inboxes import Mail, Webhook, mail, webhook
from tests.processes import command, completed

pytest.importorskip("apprise")
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # apprise loads it, where it finds PGPy
SECRET = "s3cret-t0ken"
EVERY = frozenset({Kind.NIGHT, Kind.BLOCKED, Kind.DEAD})


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


@pytest.fixture
def letters() -> Iterator[Mail]:
    with mail() as running:
        yield running


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(tmp_path / "data", None)


def a_notice(title: str = "a title", kind: Kind = Kind.NIGHT) -> Notice:
    return Notice(kind, "a key", title, "some text")


def to_hook(hook: Webhook, kinds: frozenset[Kind] = EVERY) -> Target:
    return Target("hook", kinds, url=hook.url())


def test_a_message_arrives_and_nothing_waits(context: Context, hook: Webhook, letters: Mail) -> None:
    targets = [to_hook(hook), Target("mail", EVERY, url=letters.url)]
    assert notified.tell(context, targets, a_notice()).words == "taken by 2 of 2 targets"
    assert [(one["title"], one["message"]) for one in hook.came] == [("a title", "some text")]
    (letter,) = letters.letters.came
    assert "a title" in letter
    assert "some text" in letter
    assert notified.outbox(context).waiting() == []


def test_each_target_gets_the_kinds_that_it_wants(context: Context, hook: Webhook) -> None:
    targets = [to_hook(hook, frozenset({Kind.BLOCKED}))]
    assert [notified.tell(context, targets, a_notice(kind, kind)).words for kind in (Kind.NIGHT, Kind.BLOCKED)] == [
        "no target is told this kind of message (night)",
        "taken by 1 of 1 target",
    ]
    assert [one["title"] for one in hook.came] == ["blocked"]


@pytest.mark.parametrize("trouble", ["down", "500", "slow"])
def test_what_a_webhook_did_not_take_waits_is_a_failure_and_goes_with_a_later_command(
    context: Context, hook: Webhook, trouble: str, capsys: pytest.CaptureFixture[str]
) -> None:
    match trouble:
        case "down":
            hook.down()
        case "500":
            hook.status = 500
        case _:
            hook.status, hook.delay_s = 503, 1.0
    targets = [to_hook(hook)]
    told = notified.tell(context, targets, a_notice("first"), deadline_s=0.3 if trouble == "slow" else 30.0)
    assert told.words == "taken by 0 of 1 target, and waits for hook"
    (failure,) = notified.failures(context)
    expected = {"down": "it cannot be reached", "500": "it answered with the error 500", "slow": "it gave no answer within 0.3 s"}
    assert (failure.target, failure.tries, failure.why) == ("hook", 1, expected[trouble])
    said = capsys.readouterr().err
    assert '"first" waits: hook was not told' in said
    assert SECRET not in said
    while trouble == "slow" and not hook.asked:  # what is under way is answered as it was asked
        time.sleep(0.01)
    hook.status, hook.delay_s = 200, 0.0
    if trouble == "down":
        hook.up()
    notified.tell(context, targets, a_notice("second"))
    assert [one["title"] for one in hook.came] == ["first", "second"]
    assert notified.failures(context) == []


@pytest.mark.parametrize("trouble", ["down", "refuses"])
def test_what_a_mail_server_did_not_take_goes_when_it_is_back(context: Context, letters: Mail, trouble: str) -> None:
    if trouble == "down":
        letters.down()
    else:
        letters.letters.answer = "451 try again later"
    targets = [Target("mail", EVERY, url=letters.url)]
    notified.tell(context, targets, a_notice())
    (failure,) = notified.failures(context)
    assert failure.why in ("it cannot be reached", "it did not take the message")
    assert letters.letters.came == []
    letters.letters.answer = "250 OK"
    if trouble == "down":
        letters.up()
    assert notified.retry(context, targets) == (1, 0)
    assert len(letters.letters.came) == 1


def test_a_target_that_is_silent_is_asked_once_by_each_command_and_the_others_are_told(
    context: Context, hook: Webhook, letters: Mail
) -> None:
    hook.status = 500
    targets = [to_hook(hook), Target("mail", EVERY, url=letters.url)]
    for number in range(3):
        notified.tell(context, targets, a_notice(str(number)))
    assert [message.tries for message in notified.outbox(context).waiting()] == [3, 0, 0]
    assert len(letters.letters.came) == 3
    hook.status = 200
    notified.retry(context, targets)
    assert [one["title"] for one in hook.came] == ["0", "1", "2"]


def test_a_dead_rack_is_told_once_however_often_it_is_found_dead(context: Context, hook: Webhook) -> None:
    for reasons in ({}, {"a": "gone"}, {"a": "gone"}, {}, {}):
        notified.tell(context, [to_hook(hook)], of_rack("rack", reasons, 1))
    assert [one["title"] for one in hook.came] == ["farm: the rack rack is dead", "farm: the rack rack is back"]


def test_what_cannot_be_written_down_and_what_was_told_before_are_told_apart(context: Context, hook: Webhook) -> None:
    told = [notified.tell(context, [to_hook(hook)], of_rack("rack", {"a": "gone"}, 1)).words for _ in range(2)]
    assert told == ["taken by 1 of 1 target", "nothing that was not told before"]
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, usual[1]))  # as a full disk: no file gets any byte
    try:
        words = notified.tell(context, [to_hook(hook)], a_notice()).words
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert words.startswith("nobody was told: a message could not be written down in ")


def test_a_message_to_a_target_that_is_no_more_waits_and_says_so(context: Context, hook: Webhook) -> None:
    hook.status = 500
    notified.tell(context, [to_hook(hook)], a_notice())
    notified.retry(context, [])
    assert notified.failures(context)[0].why == "there is no such target in devices.toml any more"


def test_a_killed_sender_loses_no_message(context: Context, hook: Webhook, tmp_path: Path) -> None:
    hook.delay_s = 30.0
    program = (
        "from pathlib import Path; from farm.cli import notified; from farm.cli.context import Context; from farm.notices import *;"
        f"notified.tell(Context(Path({str(context.data)!r}), None), [Target('hook', frozenset(Kind), url={hook.url()!r})],"
        " Notice(Kind.NIGHT, 'k', 'killed', 'text'))"
    )
    process = subprocess.Popen([sys.executable, "-c", program])
    give_up_s = time.monotonic() + 60
    while not notified.outbox(context).waiting() and time.monotonic() < give_up_s:
        time.sleep(0.02)
    process.kill()
    process.wait()
    hook.delay_s = 0.0
    assert notified.retry(context, [to_hook(hook)]) == (1, 0)
    assert "killed" in [one["title"] for one in hook.came]


def commanded(tmp_path: Path, notify: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "devices.toml").write_text(notify)
    return completed(command("-vv", *arguments), tmp_path, environment={**os.environ, **environment})


@pytest.mark.parametrize("where", ["url", "url_env", "url_file"])
def test_farm_notify_test_tells_a_target_wherever_its_address_is_and_never_shows_it(tmp_path: Path, hook: Webhook, where: str) -> None:
    (tmp_path / "address").write_text(hook.url() + "\n")
    value = {"url": hook.url(), "url_env": "FARM_HOOK", "url_file": "address"}[where]
    toml = f'[notify.hook]\n{where} = "{value}"\nkinds = ["night"]\n'
    done = commanded(tmp_path, toml, "notify", "test", FARM_HOOK=hook.url())
    assert (done.returncode, done.stdout) == (0, "hook: it took the message\n"), done.stderr
    assert hook.came[0]["title"] == "farm: a test"
    hook.status = 500
    done = commanded(tmp_path, toml, "notify", "test", "hook", FARM_HOOK=hook.url())
    assert (done.returncode, done.stdout) == (3, "hook: not told: it answered with the error 500\n")
    listed = commanded(tmp_path, toml, "notify", "list", FARM_HOOK=hook.url())
    assert SECRET not in done.stdout + done.stderr + listed.stdout + listed.stderr
    assert "night" in listed.stdout


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("", "devices.toml names no target"),
        ('[notify.a]\nurl = "nonsense://s3cret-t0ken"', "the address of the target a is none that a message can be sent to"),
        ('[notify.a]\nurl = "slack://s3cret-t0ken"', "the address of the target a is none that a message can be sent to"),
        ('[notify.a]\nurl = "s3cret-t0ken"\nkind = []', "notify.a.kind: unknown key; did you mean"),
        ('[notify.a]\nurl = "s3cret-t0ken"\nurl_env = "X"', "notify.a: state one of url, url_env, url_file, not 2"),
        ('[notify.a]\nkinds = ["night"]', "notify.a: state one of url, url_env, url_file"),
        ('[notify.a]\nurl = "s3cret-t0ken"\nkinds = ["nigth"]', 'there is no kind "nigth"; did you mean "night"?'),
        ('[notify.a]\nurl = ["s3cret-t0ken"]', "notify.a.url: what stands there is not a text in quotes"),
        ('[notify.a]\nurl_env = "json://s3cret-t0ken"', "notify.a.url_env: what stands there is not the name of an environment variable"),
        ('[notify.a]\nurl_file = "json://s3cret-t0ken"', "notify.a.url_file: an address stands there"),
        ('[notify.a]\nurl_file = ["s3cret-t0ken"]', "notify.a.url_file: what stands there is not a text in quotes"),
        ('[notify."json://s3cret-t0ken"]\nkinds = []', "notify.…: a name holds letters, digits"),
        ('[notify.a]\nkinds = ["json://s3cret-t0ken"]', "there is no kind as one that stands there"),
        ('[notify]\nurl = "s3cret-t0ken"', "notify.url: what stands there is not a table"),
        ('notify = "s3cret-t0ken"', "notify: what stands there is not a table"),
        ('[notify.a]\nurl_env = "FARM_NOT_SET"', "the environment variable FARM_NOT_SET, which is not set"),
        ('[notify.a]\nurl_file = "nowhere"', "nowhere, which cannot be read: No such file"),
    ],
)
def test_what_is_wrong_with_a_target_is_a_sentence_without_its_address(tmp_path: Path, toml: str, sentence: str) -> None:
    done = commanded(tmp_path, toml, "notify", "test")
    assert (done.returncode, sentence in done.stdout + done.stderr) == (2, True), done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_farm_notify_test_tries_every_target_whatever_is_wrong_with_one(tmp_path: Path, hook: Webhook) -> None:
    toml = '[notify.unset]\nurl_env = "FARM_NOT_SET"\n[notify.odd]\nurl = "nonsense://s3cret-t0ken"\n'
    toml += f'[notify.hook]\nurl = "{hook.url()}"\n[notify.down]\nurl = "json://127.0.0.1:1/s3cret-t0ken"\n'
    done = commanded(tmp_path, toml, "notify", "test")
    assert done.returncode == 2, done.stderr
    assert done.stdout.splitlines()[0] == (
        "unset: not told: the address of unset is to be in the environment variable FARM_NOT_SET, which is not set"
    )
    assert done.stdout.splitlines()[1].startswith("odd: not told: the address of the target odd is none that a message can be sent to (")
    assert done.stdout.splitlines()[2:] == ["hook: it took the message", "down: not told: it cannot be reached"]
    assert SECRET not in done.stdout + done.stderr
    assert commanded(tmp_path, toml, "notify", "test", "hook", "down").returncode == 3


def test_what_waits_is_listed_sent_again_and_forgotten(tmp_path: Path, hook: Webhook) -> None:
    context = Context(tmp_path / "data", None)
    hook.status = 500
    for title in ("first", "second"):
        notified.tell(context, [to_hook(hook)], a_notice(title))
    toml = f'[notify.hook]\nurl = "{hook.url()}"\n'
    waiting = json.loads(commanded(tmp_path, toml, "notify", "list", "--json").stdout)["waiting"]
    assert [(one["title"], one["tries"]) for one in waiting] == [("first", 2), ("second", 0)]
    assert commanded(tmp_path, toml, "notify", "retry").returncode == 3
    hook.status = 200
    done = commanded(tmp_path, toml, "notify", "retry")
    assert (done.returncode, done.stdout) == (0, "2 sent, 0 waiting\n")
    hook.status = 500
    notified.tell(context, [to_hook(hook)], a_notice())
    mistaken = commanded(tmp_path, toml, "notify", "forget", "--target", "hok")
    assert mistaken.returncode == 2
    assert 'nothing waits for "hok", and no target is called that; did you mean "hook"?' in mistaken.stderr
    assert commanded(tmp_path, toml, "notify", "forget", "--target", "hook").stdout == "1 message deleted\n"
    assert commanded(tmp_path, toml, "notify", "retry").stdout == "nothing waits\n"


def test_without_apprise_a_message_waits_and_the_sentence_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "apprise.py").write_text("raise ImportError\n")
    toml = '[notify.a]\nurl = "json://127.0.0.1"\n'
    done = commanded(tmp_path, toml, "notify", "test", PYTHONPATH=f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', Path.cwd())}")
    assert (done.returncode, "pip install 'phonefarm[notify]'" in done.stderr) == (2, True)
