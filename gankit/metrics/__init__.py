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

import lazy_loader

# Python would set these names to the modules that they share them with, if it imported
# the modules later.
from gankit.metrics.baselines import baselines as baselines
from gankit.metrics.fid import fid as fid
from gankit.metrics.fid import precision_recall as precision_recall
from gankit.metrics.modes import modes as modes

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
