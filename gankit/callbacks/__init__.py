"""Keras callbacks: progress, samples, history, scores, checkpoints, the doctor."""

from gankit.callbacks.checkpoint import Checkpoint
from gankit.callbacks.doctor import Finding, TrainingDoctor, TrainingStopped
from gankit.callbacks.history import HistoryLog
from gankit.callbacks.progress import Progress, StopOnInterrupt
from gankit.callbacks.samples import SampleGrid
from gankit.callbacks.scores import ScoreCallback
from gankit.callbacks.tensorboard import TensorBoardLog
from gankit.callbacks.weight_log import WeightLog

__all__ = [
    "Checkpoint",
    "Finding",
    "HistoryLog",
    "Progress",
    "SampleGrid",
    "ScoreCallback",
    "StopOnInterrupt",
    "TensorBoardLog",
    "TrainingDoctor",
    "TrainingStopped",
    "WeightLog",
]
