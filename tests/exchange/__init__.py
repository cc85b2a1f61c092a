"""What the tests of exchange share: a text of another tool, read, and what was read from it."""

from farm.exchange import recognise
from farm.exchange.imported import Contents, Number


def read(text: str) -> Contents:
    return recognise.read("a-file", text.encode())


def by_metric(contents: Contents) -> dict[tuple[str, str], tuple[float, ...]]:
    found = {(number.metric, number.statistic): number.values for number in contents.numbers}
    assert len(found) == len(contents.numbers), "two numbers of one name"
    return found


def the(contents: Contents, metric: str, statistic: str) -> Number:
    (found,) = (number for number in contents.numbers if (number.metric, number.statistic) == (metric, statistic))
    return found
