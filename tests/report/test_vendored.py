"""What is in the repository of others: the very bytes of a release, with its licence."""

import hashlib

from farm.sources import source_root

UPLOT = {  # npm, uplot 1.6.32: package/dist/ and package/LICENSE
    "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "uPlot-LICENSE.txt": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
}


def test_uplot_is_as_it_was_released_with_its_licence_beside_it() -> None:
    folder = source_root("reports") / "static" / "vendor"
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} == UPLOT
    assert "The MIT License" in (folder / "uPlot-LICENSE.txt").read_text()
