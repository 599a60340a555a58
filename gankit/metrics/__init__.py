"""Scores, each of which says what it is.

`fid`, `kid` and `precision_recall` take images; `frechet_distance`, `kernel_distance`
and `prdc` take features. A `Scorer` computes the features of real images once for many
scores. `inception_extractor` is the network of FID; `classifier_for(data).extractor` is
a small one that needs no download, whose distance is called FCD.
"""

from gankit.metrics.baselines import baselines
from gankit.metrics.classifiers.class_profile import (
    ClassProfile,
    class_imbalance,
    class_profile,
)
from gankit.metrics.classifiers.classifier import Classifier
from gankit.metrics.classifiers.scores import (
    classifier_score,
    conditional_accuracy,
    gan_train,
    inception_score,
)
from gankit.metrics.classifiers.training import classifier_for, train_classifier
from gankit.metrics.copying import copy_score, nearest
from gankit.metrics.features.cache import FeatureSet, feature_set
from gankit.metrics.features.extractor import Extractor
from gankit.metrics.features.moments import MomentAccumulator
from gankit.metrics.features.sources import find_images
from gankit.metrics.features.statistics import FeatureStatistics
from gankit.metrics.fid import fid, kid, precision_recall
from gankit.metrics.frechet import frechet_distance, frechet_extrapolated
from gankit.metrics.frechet_metric import FrechetDistance
from gankit.metrics.inception.extractor import inception_extractor
from gankit.metrics.inception.network import fid_inception
from gankit.metrics.inception.weights import FIDWeightsUnavailable
from gankit.metrics.kernel import KernelDistance, kernel_distance
from gankit.metrics.precision_recall import PrecisionRecall, prdc
from gankit.metrics.resampling import half_sampling_interval
from gankit.metrics.score import Score
from gankit.metrics.scorer import KINDS, Scorer
from gankit.metrics.sharpness import gradient_energy
from gankit.metrics.translation import (
    domain_score,
    inverted_colours,
    luminance_correlation,
    reconstruction_error,
    train_domain_classifier,
)

__all__ = [
    "KINDS",
    "ClassProfile",
    "Classifier",
    "Extractor",
    "FIDWeightsUnavailable",
    "FeatureSet",
    "FeatureStatistics",
    "FrechetDistance",
    "KernelDistance",
    "MomentAccumulator",
    "PrecisionRecall",
    "Score",
    "Scorer",
    "baselines",
    "class_imbalance",
    "class_profile",
    "classifier_for",
    "classifier_score",
    "conditional_accuracy",
    "copy_score",
    "domain_score",
    "feature_set",
    "fid",
    "fid_inception",
    "find_images",
    "frechet_distance",
    "frechet_extrapolated",
    "gan_train",
    "gradient_energy",
    "half_sampling_interval",
    "inception_extractor",
    "inception_score",
    "inverted_colours",
    "kernel_distance",
    "kid",
    "luminance_correlation",
    "nearest",
    "prdc",
    "precision_recall",
    "reconstruction_error",
    "train_classifier",
    "train_domain_classifier",
]
