"""What was sent to a host: files by the hash of their bytes, each sent once, whoever needs it."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from farm.cluster.order import FilePart, Order, Parcel
from farm.errors import InputError, StoreError
from farm.workloads import HarnessBuild, Job

CHUNK_BYTES = 4 << 20
_STALE_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Files:
    """The folder of a host's data where they lie."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """Return where the file with this hash lies, or would."""
        if len(sha256) != hashlib.sha256().digest_size * 2 or not set(sha256) <= set("0123456789abcdef"):
            raise InputError(f'"{sha256}" is no SHA-256')
        return self.folder / "files" / sha256

    def lacking(self, wanted: Sequence[str]) -> list[str]:
        """Return those hashes of which no file is here; those that are, are used now."""
        missing = []
        for sha256 in dict.fromkeys(wanted):
            try:
                os.utime(self.path(sha256))
            except FileNotFoundError:
                missing.append(sha256)
        return missing

    def take(self, sha256: str, token: str, offset: int, chunk: bytes, *, last: bool) -> None:
        """Take a part of a file; with the last one it is checked and has its name. token tells its sender from others."""
        path = self.path(sha256)
        partial = path.with_name(f"{sha256}.{hashlib.sha256(token.encode()).hexdigest()[:16]}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("r+b" if offset else "wb") as file:
                file.seek(offset)
                file.write(chunk)
                if last:
                    file.flush()
                    os.fsync(file.fileno())
            if not last:
                return
            if _sha256(partial) != sha256:
                partial.unlink()
                raise StoreError(
                    f"what arrived is not the file with the hash {sha256[:12]}", hint="it changed while it was sent, or the link is broken"
                )
            partial.replace(path)
        except OSError as error:
            raise StoreError(
                f"what was sent cannot be written to {path.parent}: {error.strerror}", hint="make room on that host"
            ) from error

    def harness(self, parcel: Parcel) -> HarnessBuild:
        """Return a harness laid out in a folder of its own, made from its files when it is not there yet."""
        parts = "\n".join(f"{part.name} {part.sha256} {part.program}" for part in sorted(parcel.files, key=lambda part: part.name))
        folder = self.folder / "harness" / hashlib.sha256(parts.encode()).hexdigest()
        if not folder.exists():
            partial = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}.partial")
            for part in parcel.files:
                place = partial / _inside(part.name)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.path(part.sha256), place)
                place.chmod(0o755 if part.program else 0o644)
            try:
                partial.rename(folder)
            except OSError:  # another session has just done the same
                shutil.rmtree(partial)
        return replace(parcel.build, folder=folder)

    def job(self, job: Job) -> Job:
        """Return a job with the paths of its files on this host."""
        artifact = replace(job.artifact, path=self.path(job.artifact.sha256))
        items = job.workload.items
        workload = job.workload if items is None else replace(job.workload, items=replace(items, path=self.path(items.sha256)))
        return replace(job, device=replace(job.device, host=None), artifact=artifact, workload=workload)

    def tidy(self, now_s: float, unused_s: float) -> None:
        """Remove what nobody has used for so long, and what never arrived whole; now_s is in seconds since 1970."""
        for path in (self.folder / "files").glob("*"):
            age_s = now_s - path.stat().st_mtime
            if age_s > (_STALE_S if path.suffix == ".partial" else unused_s):
                path.unlink(missing_ok=True)


def parcel(build: HarnessBuild) -> tuple[Parcel, dict[str, Path]]:
    """Return a harness as what is sent of it, and where each of its files lies here."""
    parts, places = [], {}
    for name in build.files:
        path = build.folder / name
        sha256 = _sha256(path)
        parts.append(FilePart(name, sha256, os.access(path, os.X_OK)))
        places[sha256] = path
    return Parcel(build, tuple(parts)), places


def of_order(order: Order) -> dict[str, Path]:
    """Return which files an order's jobs need, by their hashes, and where they lie here."""
    found = {}
    for job in order.jobs:
        found[job.artifact.sha256] = job.artifact.path
        if job.workload.items is not None:
            found[job.workload.items.sha256] = job.workload.items.path
    return found


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise InputError(f'a harness has no file "{name}"')
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
