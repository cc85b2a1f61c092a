"""Results -> the forms in which others read them. Values in, values or text out."""

from farm.publish.results import Results

__all__ = ["Results"]
