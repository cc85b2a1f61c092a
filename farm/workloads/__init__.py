"""What is measured: devices, artifacts, workloads, jobs and runs, as plain values.

A Job is device x workload x artifact x pass x repeat. A Run is one attempt at one Job: one process on
the device, and the unit of every statistic. Readings are what one run read of one metric, in order.
"""

from farm.workloads.devices import Conditions, Device, HarnessBuild, Identity, PowerSettings
from farm.workloads.jobs import (
    COMPUTE_UNITS,
    COREML,
    CPU_LIST,
    MOST_ITERATIONS,
    Artifact,
    Items,
    Job,
    PassSettings,
    Place,
    Reference,
    Workload,
)
from farm.workloads.kinds import ONCE_PASSES, THERMAL_STATUSES, USUAL_PASSES, Comparison, DeviceKind, ItemKind, Outcome, Pass, PowerSource
from farm.workloads.runs import (
    ITEMS_OUTPUT,
    OUTPUT,
    RESULT,
    Absent,
    Answers,
    Measured,
    Provenance,
    Readings,
    Run,
    Session,
    StateReading,
    box_name,
    new_id,
    run_folder,
)

__all__ = [
    "COMPUTE_UNITS",
    "COREML",
    "CPU_LIST",
    "ITEMS_OUTPUT",
    "MOST_ITERATIONS",
    "ONCE_PASSES",
    "OUTPUT",
    "RESULT",
    "THERMAL_STATUSES",
    "USUAL_PASSES",
    "Absent",
    "Answers",
    "Artifact",
    "Comparison",
    "Conditions",
    "Device",
    "DeviceKind",
    "HarnessBuild",
    "Identity",
    "ItemKind",
    "Items",
    "Job",
    "Measured",
    "Outcome",
    "Pass",
    "PassSettings",
    "Place",
    "PowerSettings",
    "PowerSource",
    "Provenance",
    "Readings",
    "Reference",
    "Run",
    "Session",
    "StateReading",
    "Workload",
    "box_name",
    "new_id",
    "run_folder",
]
