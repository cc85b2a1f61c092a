"""What is asked of `farm run`: its options, what they may hold, and which of them go together."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from farm import units
from farm.cli.context import Context
from farm.errors import InputError
from farm.workloads import CPU_LIST, PassSettings

MOST_SUSTAIN_S = 86_400.0
MOST_TIMEOUT_S = 7 * 86_400.0
MOST_DECODE_TOKENS = 1_000_000
MOST_SEED = 2**63 - 1  # what the database's BIGINT holds


@dataclass(frozen=True, slots=True)
class Options:
    """What was given on the command line."""

    models: tuple[Path, ...]
    suite: Path | None
    device_names: str | None
    pool: str | None
    repeat: int | None
    threads: int
    cpus: str
    compute_units: str | None
    passes: str
    sustain_s: float
    power_idle_s: float
    power_work_s: float
    iterations: int
    least_s: float
    timeout_s: float
    prompt: Path | None
    decode_tokens: int
    items: Path | None
    seed: int | None
    wait_s: float
    """How long to wait for a device that another data folder or host has."""
    resume: str | None
    """The beginning of an unfinished run's name, "" the newest; None: nothing is gone on with."""
    revision: str | None
    branch: str | None
    wheel: Path | None
    harness: Path | None
    cluster: str | None
    as_json: bool
    html: Path | None


_OUTPUT = ("resume", "as_json", "html", "wheel", "wait_s", "cluster")
"""What is asked anew when a run is gone on with: where the results go, what it is built with, how long it waits, and for which hosts."""
_MODEL_ONLY = (
    "threads",
    "cpus",
    "compute_units",
    "passes",
    "sustain_s",
    "power_idle_s",
    "power_work_s",
    "iterations",
    "least_s",
    "timeout_s",
    "prompt",
    "decode_tokens",
    "items",
)
"""What a suite states itself, for each of its workloads."""


class FiniteRange(click.FloatRange):
    """A range of real numbers that NaN, which is below and above nothing, is not in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's
        """Return value as a finite number of the range, or fail as click does."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a number.", param, ctx)
        return number


def cpu_list(_context: click.Context, _option: click.Parameter, text: str) -> str:
    """Return a list of CPUs as it was written. Raises click.BadParameter when it is none."""
    if not text:
        return text
    spans = [part.partition("-") for part in text.split(",")]
    if re.fullmatch(CPU_LIST, text) is None or any(dash and int(last) < int(first) for first, dash, last in spans):
        raise click.BadParameter(f'"{text if len(text) < 100 else text[:99] + "…"}" is no list of CPUs; write 4-7 or 0,2')  # noqa: PLR2004
    return text


def duration_s(_context: click.Context, _option: click.Parameter, text: str) -> float:
    """Return a time such as "10 min", also 10m, in seconds. Raises click.BadParameter."""
    try:
        found_s = units.parse(re.sub(r"(?<=[\d ])m$", "min", text.strip()), units.TIME) / 1e9
    except ValueError as error:
        raise click.BadParameter(f"{error}, such as 10 min") from error
    if found_s < 0:
        raise click.BadParameter(f"{text} is less than nothing")
    return found_s


def check_together(options: Options) -> None:
    """Raise InputError for options that would say nothing beside the others: none is silently ignored."""
    goes_on = options.resume is not None
    if goes_on == (bool(options.models) or options.suite is not None) or (options.models and options.suite):
        raise InputError("name either model files or a --suite, or go on with --resume", hint="farm run model.pte")
    if goes_on:
        _refuse(set(Options.__slots__) - set(_OUTPUT), "what was asked then is what is gone on with", "run it anew, without --resume")
    if options.suite is not None:
        _refuse(_MODEL_ONLY, "a suite states that itself", f"state it under [[workloads]] in {options.suite}")
    elif options.prompt is None:
        _refuse(("decode_tokens",), "that is for language models", "name the prompt's token ids with --prompt")
    else:
        _refuse(("iterations", "least_s"), "a language model is measured by its tokens", "say how many with --decode-tokens")


def _refuse(names: Collection[str], why: str, hint: str) -> None:
    """Raise InputError when one of these options was given on the command line."""
    context = click.get_current_context()
    given = [
        parameter.opts[-1]
        for parameter in context.command.params
        if parameter.name in names and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
    if given:
        raise InputError(f"{' and '.join(given)} cannot be given here: {why}", hint=hint)


def asked(context: Context, options: Options, seed: int) -> dict[str, Any]:
    """Return what is asked as JSON values, good in any folder: paths are absolute, and the seed is the one that was drawn."""
    values = {item.name: getattr(options, item.name) for item in fields(options) if item.name not in _OUTPUT} | {"seed": seed}
    written = {name: str(value.resolve()) if isinstance(value, Path) else value for name, value in values.items()}
    devices = context.devices_file()
    return written | {
        "models": [str(path.resolve()) for path in options.models],
        "devices_file": None if devices is None else str(devices.resolve()),
    }


def as_asked(context: Context, options: Options, written: Mapping[str, Any]) -> tuple[Context, Options]:
    """Return what was asked then, with the results going where they are asked to go now."""
    values = {"compute_units": None, "least_s": PassSettings().duration_ms / 1e3} | dict(written)  # older than these options
    devices = values.pop("devices_file")
    values.pop("fresh_runs", None)  # of the jobs, not of what was typed
    for name in ("suite", "prompt", "harness", "items"):
        values[name] = None if values[name] is None else Path(values[name])
    values["models"] = tuple(Path(path) for path in values["models"])
    output = {name: getattr(options, name) for name in _OUTPUT}
    return replace(context, devices=context.devices or (devices and Path(devices))), Options(**(values | output))
