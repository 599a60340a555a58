"""A callback that watches a GAN being trained and says in plain words what is wrong.

`players`, `draws` and `samples` hold what it looks for; `training_doctor` looks.
"""

from gankit.callbacks.doctor.findings import Finding, TrainingStopped
from gankit.callbacks.doctor.training_doctor import TrainingDoctor

__all__ = ["Finding", "TrainingDoctor", "TrainingStopped"]
