"""Which iPhone a product type is, and its chip. A type that is not here is unknown, never guessed.

Product types and names: the device table of libirecovery (libimobiledevice), as pymobiledevice3 carries it. Chips: Apple names one
chip for each model; the identifiers' first number follows the chip's generation (MacRumors, 2 July 2024, on iPhone17,1 to 17,5).
"""

_PHONES = {
    "iPhone10,1": ("iPhone 8", "A11 Bionic"),
    "iPhone10,2": ("iPhone 8 Plus", "A11 Bionic"),
    "iPhone10,3": ("iPhone X", "A11 Bionic"),
    "iPhone10,4": ("iPhone 8", "A11 Bionic"),
    "iPhone10,5": ("iPhone 8 Plus", "A11 Bionic"),
    "iPhone10,6": ("iPhone X", "A11 Bionic"),
    "iPhone11,2": ("iPhone XS", "A12 Bionic"),
    "iPhone11,4": ("iPhone XS Max", "A12 Bionic"),
    "iPhone11,6": ("iPhone XS Max", "A12 Bionic"),
    "iPhone11,8": ("iPhone XR", "A12 Bionic"),
    "iPhone12,1": ("iPhone 11", "A13 Bionic"),
    "iPhone12,3": ("iPhone 11 Pro", "A13 Bionic"),
    "iPhone12,5": ("iPhone 11 Pro Max", "A13 Bionic"),
    "iPhone12,8": ("iPhone SE (2nd generation)", "A13 Bionic"),
    "iPhone13,1": ("iPhone 12 mini", "A14 Bionic"),
    "iPhone13,2": ("iPhone 12", "A14 Bionic"),
    "iPhone13,3": ("iPhone 12 Pro", "A14 Bionic"),
    "iPhone13,4": ("iPhone 12 Pro Max", "A14 Bionic"),
    "iPhone14,2": ("iPhone 13 Pro", "A15 Bionic"),
    "iPhone14,3": ("iPhone 13 Pro Max", "A15 Bionic"),
    "iPhone14,4": ("iPhone 13 mini", "A15 Bionic"),
    "iPhone14,5": ("iPhone 13", "A15 Bionic"),
    "iPhone14,6": ("iPhone SE (3rd generation)", "A15 Bionic"),
    "iPhone14,7": ("iPhone 14", "A15 Bionic"),
    "iPhone14,8": ("iPhone 14 Plus", "A15 Bionic"),
    "iPhone15,2": ("iPhone 14 Pro", "A16 Bionic"),
    "iPhone15,3": ("iPhone 14 Pro Max", "A16 Bionic"),
    "iPhone15,4": ("iPhone 15", "A16 Bionic"),
    "iPhone15,5": ("iPhone 15 Plus", "A16 Bionic"),
    "iPhone16,1": ("iPhone 15 Pro", "A17 Pro"),
    "iPhone16,2": ("iPhone 15 Pro Max", "A17 Pro"),
    "iPhone17,1": ("iPhone 16 Pro", "A18 Pro"),
    "iPhone17,2": ("iPhone 16 Pro Max", "A18 Pro"),
    "iPhone17,3": ("iPhone 16", "A18"),
    "iPhone17,4": ("iPhone 16 Plus", "A18"),
    "iPhone17,5": ("iPhone 16e", "A18"),
    "iPhone18,1": ("iPhone 17 Pro", "A19 Pro"),
    "iPhone18,2": ("iPhone 17 Pro Max", "A19 Pro"),
    "iPhone18,3": ("iPhone 17", "A19"),
    "iPhone18,4": ("iPhone Air", "A19 Pro"),
}


def model(product_type: str) -> str:
    """Return a phone's name; the product type itself when that is unknown."""
    return _PHONES.get(product_type, (product_type, None))[0]


def chip(product_type: str) -> str | None:
    """Return the name of a phone's chip; None when it is unknown."""
    return _PHONES.get(product_type, (None, None))[1]
