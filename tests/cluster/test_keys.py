"""The cluster's own authority and keys: whose they are, how long they are good, and that nobody else can read them."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from farm.cluster import keys
from farm.errors import InputError

NOW = datetime.now(UTC)


def test_every_key_is_its_owners_alone(tmp_path: Path) -> None:
    keys.make(tmp_path / "keys", ["scheduler", "rack1"], NOW, 365)
    files = [path for path in (tmp_path / "keys").rglob("*") if path.is_file()]
    assert len(files) == 2 + 2 * 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").rglob("*") if path.is_dir()} == {0o700}
    assert not (tmp_path / "keys/rack1/ca-key.pem").exists()  # who has that can make keys


def test_keys_say_whose_they_are_and_until_when_they_are_good(tmp_path: Path) -> None:
    (made,) = keys.make(tmp_path, ["rack1"], NOW, 30)
    assert (made.name, made.folder) == ("rack1", tmp_path / "rack1")
    assert abs(made.expires_at - (NOW + timedelta(days=30))) < timedelta(seconds=2)


def test_keys_that_are_there_are_kept_unless_renewed(tmp_path: Path) -> None:
    (first,) = keys.make(tmp_path, ["rack1"], NOW, 30)
    before = first.key.read_bytes()
    assert keys.make(tmp_path, ["rack1"], NOW, 60)[0].expires_at == first.expires_at
    assert first.key.read_bytes() == before
    (renewed,) = keys.make(tmp_path, ["rack1"], NOW, 60, renew=True)
    assert renewed.expires_at > first.expires_at
    assert renewed.key.read_bytes() != before
    assert renewed.authority.read_bytes() == (tmp_path / "ca.pem").read_bytes()


def test_expired_keys_say_so_and_what_to_do(tmp_path: Path) -> None:
    keys.make(tmp_path, ["rack1"], NOW, 1)
    with pytest.raises(InputError, match=r"the certificate of rack1 expired on \d{4}-\d\d-\d\d \d\d:\d\d UTC") as caught:
        keys.opened(tmp_path / "rack1", NOW + timedelta(days=1, seconds=1))
    assert "--renew" in str(caught.value.hint)


def test_keys_that_end_soon_are_warned_of(tmp_path: Path) -> None:
    keys.make(tmp_path, ["rack1"], NOW, 100)
    assert keys.opened(tmp_path / "rack1", NOW)[1] is None
    warning = keys.opened(tmp_path / "rack1", NOW + timedelta(days=80))[1]
    assert warning is not None
    assert "the certificate of rack1 expires on" in warning


def test_missing_keys_and_keys_that_others_can_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no keys of the cluster in .*: ca\.pem, cert\.pem, key\.pem missing"):
        keys.opened(tmp_path / "rack1", NOW)
    (made,) = keys.make(tmp_path, ["rack1"], NOW, 1)
    made.key.chmod(0o640)
    with pytest.raises(InputError, match="can be read by others") as caught:
        keys.opened(made.folder, NOW)
    assert caught.value.hint == f"chmod 600 {made.key}"


def test_keys_that_are_no_keys_are_refused(tmp_path: Path) -> None:
    (made,) = keys.make(tmp_path, ["rack1"], NOW, 1)
    made.certificate.write_text("nothing of the kind")
    with pytest.raises(InputError, match="cannot be read"):
        keys.opened(made.folder, NOW)


def test_an_authority_that_has_expired_signs_nothing_more(tmp_path: Path) -> None:
    keys.make(tmp_path, ["rack1"], NOW - timedelta(days=4000), 1)
    with pytest.raises(InputError, match="the cluster's own authority expired"):
        keys.make(tmp_path, ["rack2"], NOW, 1)
