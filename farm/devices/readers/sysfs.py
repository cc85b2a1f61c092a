"""Texts of /sys: one value to a file, and a line end after it, without which it may be cut off."""

import re


def whole_number(text: str) -> int | None:
    """Read a file that holds one whole number; an error text that arrives like data is none."""
    match = re.fullmatch(r"\s*([+-]?[0-9]{1,20})[ \t\r]*\n\s*", text)
    return int(match[1]) if match else None


def word(text: str) -> str | None:
    """Read a file that holds one word, such as a governor's name."""
    match = re.fullmatch(r"\s*([\w-]+)[ \t\r]*\n\s*", text)
    return match[1] if match else None
