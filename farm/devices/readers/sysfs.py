"""Texts of /sys: one value to a file."""

import re


def whole_number(text: str) -> int | None:
    """Read a file that holds one whole number; an error text that arrives like data is none."""
    match = re.fullmatch(r"\s*([+-]?\d+)\s*", text)
    return int(match[1]) if match else None


def word(text: str) -> str | None:
    """Read a file that holds one word, such as a governor's name."""
    match = re.fullmatch(r"\s*([\w-]+)\s*", text)
    return match[1] if match else None
