"""Where harness/ and reports/ lie: within an installed package, or at the top level of a checkout."""

from pathlib import Path
from typing import Literal

from farm.errors import HarnessUnavailable

_PACKAGE = Path(__file__).parent


def source_root(name: Literal["harness", "reports"]) -> Path:
    """Return the folder of these sources. Raises HarnessUnavailable when farm was installed without them."""
    for folder in (_PACKAGE / "_sources" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise HarnessUnavailable(f"this installation of farm has no {name} sources", hint="install phonefarm again")
