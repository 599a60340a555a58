"""Scores for generated images.

- To score one set of images, call `fid`, `kid`, `mind` or `precision_recall`.
- To score many sets against the same real images, create a `Scorer`. It computes the
  features of the real images once, and returns all scores in one call.
- To choose the network that computes features, pass an extractor:
  `inception_extractor(768)` is the FID network, and `classifier_for(data).extractor` a
  small classifier of your data set that needs no download. Its distance is called FCD.
- If you already have features, call `frechet_distance`, `kernel_distance`,
  `gaussian_kernel_distance`, `sliced_distance` or `prdc`.
- To know what a good value is, compare with `baselines`, the scores of real images.
- To detect copied training images, call `copy_score` and look at what `nearest` finds.
- To count the modes that a generator of stacked digits finds, call `modes`.
- For a conditional GAN, call `conditional_accuracy` (GAN-test), `gan_train` and
  `class_profile`. For a CycleGAN, call `domain_score` and `reconstruction_error`.

A `Score` is a number together with the number of images, the network and an interval.
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
from gankit.metrics.fid import fid, kid, mind, precision_recall
from gankit.metrics.frechet import frechet_distance
from gankit.metrics.inception.extractor import inception_extractor
from gankit.metrics.inception.network import fid_inception
from gankit.metrics.inception.weights import FIDWeightsUnavailable
from gankit.metrics.kernel import (
    KernelDistance,
    gaussian_kernel_distance,
    kernel_distance,
)
from gankit.metrics.modes import modes
from gankit.metrics.precision_recall import PrecisionRecall, prdc
from gankit.metrics.resampling import half_sampling_interval
from gankit.metrics.score import Score
from gankit.metrics.scorer import KINDS, Scorer
from gankit.metrics.sharpness import gradient_energy
from gankit.metrics.sliced import sliced_distance
from gankit.metrics.translation import (
    domain_classifier_for,
    domain_score,
    inverted_colours,
    luminance_correlation,
    reconstruction_error,
)

__all__ = [
    "KINDS",
    "ClassProfile",
    "Classifier",
    "Extractor",
    "FIDWeightsUnavailable",
    "FeatureSet",
    "FeatureStatistics",
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
    "domain_classifier_for",
    "domain_score",
    "feature_set",
    "fid",
    "fid_inception",
    "find_images",
    "frechet_distance",
    "gan_train",
    "gaussian_kernel_distance",
    "gradient_energy",
    "half_sampling_interval",
    "inception_extractor",
    "inception_score",
    "inverted_colours",
    "kernel_distance",
    "kid",
    "luminance_correlation",
    "mind",
    "modes",
    "nearest",
    "prdc",
    "precision_recall",
    "reconstruction_error",
    "sliced_distance",
    "train_classifier",
]
