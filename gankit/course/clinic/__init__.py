"""A clinic of GANs with planted faults, to diagnose from curves and samples."""

from gankit.course.clinic.cases import PATIENTS, Case, train
from gankit.course.clinic.faults import FAULTS, Fault

__all__ = ["FAULTS", "PATIENTS", "Case", "Fault", "train"]
