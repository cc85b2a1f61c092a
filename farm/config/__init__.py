"""devices.toml and suites -> values. Every problem of a file is reported at once, by file and key.

devices.toml belongs to the lab, a suite to the model's repository. Nothing runs on a file that is wrong.
"""

from farm.config.budgets import read_metric
from farm.config.lab import LOCAL, Lab, load_lab, stated_names
from farm.config.plan import Gating
from farm.config.suite import LLM_WARMUP, Suite, load_suite, lost_inputs, read_prompt, with_quality
from farm.config.words import nearest

__all__ = [
    "LLM_WARMUP",
    "LOCAL",
    "Gating",
    "Lab",
    "Suite",
    "load_lab",
    "load_suite",
    "lost_inputs",
    "nearest",
    "read_metric",
    "read_prompt",
    "stated_names",
    "with_quality",
]
