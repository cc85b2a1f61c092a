"""Files of this machine on their way into a device's box."""

import hashlib
from pathlib import Path

from farm import archives
from farm.errors import ArtifactError


def sha256(file: Path, wanted: str | None = None) -> str:
    """Return the SHA-256 of a file's bytes, or of the archive that a folder becomes, in hex.

    Raises ArtifactError when it cannot be read, or is not the wanted one.
    """
    try:
        digest = hashlib.sha256()
        for piece in archives.pieces(file):
            digest.update(piece)
        found = digest.hexdigest()
    except OSError as error:
        raise ArtifactError(
            f"{file} cannot be read any more: {error.strerror}", hint="leave a model where it is until farm has ended"
        ) from error
    if wanted is not None and found != wanted:
        raise ArtifactError(f"{file} has become another file since farm began", hint="run it anew: its numbers belong to its bytes")
    return found
