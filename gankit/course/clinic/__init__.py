"""A clinic of GANs with planted faults, to be diagnosed from curves and samples."""

from gankit.course.clinic.cases import PATIENTS, Case, treat
from gankit.course.clinic.faults import FAULTS, Fault

__all__ = ["FAULTS", "PATIENTS", "Case", "Fault", "treat"]
