"""The layout of a page as few numbers and a small picture, and how far another one is from it: for layout only, whatever the fonts.

A block is the header (banner, heading, facts), or a section. Of each: where it stands, as shares of the window's width, and a blurred
grey picture of 24 x 12, whatever its size, so that a font that breaks lines elsewhere moves little. Written anew by:

python -m tests.report.layout
"""

import io
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageFilter, ImageStat
from playwright.sync_api import Browser

from tests.report.browser import DESK, PHONE, WIDE, Opened, chromium, opened

GOLDEN = Path(__file__).parent / "golden"
SIZES = (PHONE, DESK, WIDE)
GRID = (24, 12)
MOST_BLOCKS, TALLEST_PX = 5, 1400
EDGE, HEIGHT, GREY = 0.02, 1.6, 30.0
"""What is borne: edges off by a share of the window's width, heights by a factor, a picture's mean grey off by so many of 255."""
_BLOCKS = "header, #overview > section, #inline-series > section, body > main > section"


@dataclass(frozen=True)
class Block:
    """A block of a page: its left edge and width as shares of the window's, its height in pixels, and its picture."""

    name: str
    left: float
    width: float
    height: float
    picture: Image.Image = field(repr=False)


def blocks(it: Opened, style: str = "") -> list[Block]:
    """Return the first blocks of a page that can be seen, from top to bottom; style is added to its own (its policy has to be off)."""
    it.everything()
    if style:
        it.page.add_style_tag(content=style)
    window = it.page.evaluate("document.documentElement.clientWidth")
    boxes = [(node, box) for node in it.page.locator(_BLOCKS).all() if (box := node.bounding_box()) is not None and box["height"]]
    boxes = sorted(boxes, key=lambda each: each[1]["y"])[:MOST_BLOCKS]
    bottom = max(box["y"] + min(box["height"], TALLEST_PX) for _, box in boxes)
    clip: Any = {"x": 0, "y": 0, "width": window, "height": bottom}
    shot = Image.open(io.BytesIO(it.page.screenshot(full_page=True, clip=clip))).convert("L")  # once: a tall page takes seconds
    found = []
    for node, box in boxes:
        right, below = box["x"] + box["width"], box["y"] + min(box["height"], TALLEST_PX)
        edges = (max(0, box["x"]), max(0, box["y"]), min(shot.width, right), min(shot.height, below))
        name = node.evaluate("(node) => node.id || node.className || node.tagName.toLowerCase()")
        picture = shot.resize(GRID, Image.Resampling.BOX, box=edges).filter(ImageFilter.GaussianBlur(1))
        found.append(Block(str(name), box["x"] / window, box["width"] / window, box["height"], picture))
    return found


def strayed(golden: list[Block], found: list[Block]) -> list[str]:
    """Return in what a page's layout is not what it was, one sentence for each; none: it is the same."""
    names = [[block.name for block in each] for each in (golden, found)]
    if names[0] != names[1]:
        return [f"its blocks are {names[1]}, and were {names[0]}"]
    said = []
    for was, now in zip(golden, found, strict=True):
        for edge, before, after in (("left edge", was.left, now.left), ("width", was.width, now.width)):
            if abs(before - after) > EDGE:
                said.append(f"{was.name}: its {edge} is {after:.3f} of the window, and was {before:.3f}")
        if not 1 / HEIGHT < now.height / was.height < HEIGHT:
            said.append(f"{was.name}: it is {now.height:.0f} px high, and was {was.height:.0f}")
        off = grey(was, now)
        if off > GREY:
            said.append(f"{was.name}: its picture is off by {off:.1f} of 255")
    return said


def grey(was: Block, now: Block) -> float:
    """Return by how much two pictures differ: the root of the mean square of what is light in one and dark in the other."""
    return float(ImageStat.Stat(ImageChops.difference(was.picture, now.picture)).rms[0])


def kept(name: str) -> list[Block]:
    """Return the blocks of a golden page."""
    facts = json.loads((GOLDEN / "layout.json").read_text())[name]
    strip = Image.open(GOLDEN / f"{name}.png")
    places = [(0, GRID[1] * number, GRID[0], GRID[1] * (number + 1)) for number in range(len(facts))]
    return [Block(name, left, width, height, strip.crop(place)) for (name, left, width, height), place in zip(facts, places, strict=True)]


def keep(layouts: dict[str, list[Block]]) -> None:
    """Write golden pages."""
    GOLDEN.mkdir(exist_ok=True)
    facts: dict[str, Any] = {}
    for name, found in layouts.items():
        facts[name] = [[block.name, round(block.left, 4), round(block.width, 4), round(block.height)] for block in found]
        strip = Image.new("L", (GRID[0], GRID[1] * len(found)))
        for number, block in enumerate(found):
            strip.paste(block.picture, (0, GRID[1] * number))
        strip.save(GOLDEN / f"{name}.png", optimize=True)
    lines = (f'"{name}": {json.dumps(each)}' for name, each in facts.items())
    (GOLDEN / "layout.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def of(browser: Browser, path: Path, size: tuple[int, int], style: str = "", scheme: str = "light") -> list[Block]:
    """Return the blocks of a page in a window."""
    with opened(browser, path, size=size, color_scheme=scheme, bypass_csp=bool(style)) as it:
        return blocks(it, style)


def name_of(kind: str, size: tuple[int, int]) -> str:
    """Return what a golden page is called."""
    return f"{kind}-{size[0]}"


def main() -> None:
    """Write what pages of the rack that never was look like now."""
    from tests.report.conftest import KINDS, a_usual_rack, page_of

    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        folder = Path(scratch)
        rack = a_usual_rack(folder)
        layouts: dict[str, list[Block]] = {}
        for kind in KINDS:
            path = folder / f"{kind}.html"
            path.write_text(page_of(kind, rack), encoding="utf-8")
            layouts |= {name_of(kind, size): of(browser, path, size) for size in SIZES}
        keep(layouts)


if __name__ == "__main__":
    main()
