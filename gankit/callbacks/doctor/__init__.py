"""A callback that watches the training of a GAN and explains what goes wrong.

`players`, `draws` and `samples` define the checks; `training_doctor` runs them.
"""

from gankit.callbacks.doctor.findings import Finding, TrainingStopped
from gankit.callbacks.doctor.training_doctor import TrainingDoctor

__all__ = ["Finding", "TrainingDoctor", "TrainingStopped"]
