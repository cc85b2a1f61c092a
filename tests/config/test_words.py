"""Every problem is a sentence about the file, in the words of who wrote it."""

import re
from pathlib import Path

from tests.config import each_told, problems_of, suite_problems

_WRONG_LAB = """
[signing]
team = "a"
bundle = "b"
[defaults]
conditions = "calm"
[devices.s25]
kind = 1
labels = ["a"]
conditions = {airplane_mode = "yes", max_cpu_busy = "-1 %", max_skin_temperature = "200 C", settle_timeout = "0 s"}
serial = 5
adb = "here"
power = {source = "x", current_unit = 1, rails = [""], poll = "1 h", voltage = "1 V", meter_serial = "one"}
[devices."two words"]
kind = "local"
[pools]
none = []
some = "s25"
twice = ["local", "local"]
"""


_WRONG_SUITE = """
budgets = 5
[suite]
name = "two words"
repeat = 0
passes = []
[[workloads]]
id = 7
artifact = true
passes = ["latnecy", 5]
threads = 65
iterations = 1.5
duration = "2000 h"
cpus = "all"
compute_units = "gpu"
inputs = "a.bin"
[gate]
most_runs = 2000
looks = []
allow_unordered = "no"
"""


def test_no_sentence_shows_how_farm_checks(tmp_path: Path) -> None:
    lab, suite = problems_of(tmp_path, _WRONG_LAB), suite_problems(tmp_path, _WRONG_SUITE)
    for problem in (*lab, *suite):
        assert not re.search(r"should|pattern|\^|\$|pydantic|_[A-Z]|Entry|Table\b|instance|characters? |literal|enum", problem), problem
    each_told(
        lab,
        'defaults.conditions: "calm" is not a table: write [defaults.conditions] and its keys below it',
        "devices.s25.kind: 1 is none of local, android, ios",
        'devices.s25.conditions.airplane_mode: "yes" is not true or false, without quotes',
        'devices.s25.conditions.max_cpu_busy: "-1 %" is less than 0 %',
        'devices.s25.conditions.max_skin_temperature: "200 C" is more than 100 C',
        'devices.s25.conditions.settle_timeout: "0 s" is not more than 0 s',
        "devices.s25.power.rails[0]: it is empty",
        'devices.s25.power.meter_serial: "one" is not a whole number without quotes, such as 5',
        'devices.two words: a name holds letters, digits, ".", "_" and "-" only, and begins with a letter or a digit',
        "pools.none: it is empty",
        'pools.twice: "local" stands there 2 times',
        'pools.some: "s25" is not a list in square brackets, such as ["one", "two"]',
    )
    each_told(
        suite,
        "budgets: 5 is not a list in square brackets",
        'suite.name: "two words" is not a name, which holds letters, digits, ".", "_" and "-" only',
        'such as "digits-int8"',
        "suite.repeat: 0 is less than 1",
        "workloads[0].id: 7 is not a text in quotes",
        'workloads[0].passes[0]: "latnecy" is none of',
        'did you mean "latency"?',
        "workloads[0].threads: 65 is more than 64",
        "workloads[0].iterations: 1.5 is not a whole number without quotes",
        'workloads[0].duration: "2000 h" is more than 168 h',
        'workloads[0].cpus: "all" is not a list of CPUs, such as "4-7"',
        "gate.most_runs: 2000 is more than 1000",
        'gate.allow_unordered: "no" is not true or false, without quotes',
    )
