from .marks import ExerciseSummary as ExerciseSummary
from .marks import Mark as Mark
from .marks import grade as grade
from .marks import summarise as summarise
from .prediction_cells import Prediction as Prediction
from .prediction_cells import count_predictions as count_predictions
from .prediction_cells import read_predictions as read_predictions
from .table import save_table as save_table
