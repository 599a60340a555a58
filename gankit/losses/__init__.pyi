from . import penalties as penalties
from . import translation as translation
from .adversarial import LOSSES as LOSSES
from .adversarial import AdversarialLoss as AdversarialLoss
from .adversarial import get as get
from .adversarial import hinge_discriminator_loss as hinge_discriminator_loss
from .adversarial import hinge_generator_loss as hinge_generator_loss
from .adversarial import (
    least_squares_discriminator_loss as least_squares_discriminator_loss,
)
from .adversarial import least_squares_generator_loss as least_squares_generator_loss
from .adversarial import minimax_discriminator_loss as minimax_discriminator_loss
from .adversarial import minimax_generator_loss as minimax_generator_loss
from .adversarial import (
    non_saturating_discriminator_loss as non_saturating_discriminator_loss,
)
from .adversarial import non_saturating_generator_loss as non_saturating_generator_loss
from .adversarial import (
    relativistic_discriminator_loss as relativistic_discriminator_loss,
)
from .adversarial import relativistic_generator_loss as relativistic_generator_loss
from .adversarial import (
    wasserstein_discriminator_loss as wasserstein_discriminator_loss,
)
from .adversarial import wasserstein_generator_loss as wasserstein_generator_loss
from .penalties import R1 as R1
from .penalties import R2 as R2
from .penalties import GradientPenalty as GradientPenalty
from .penalties import slopes as slopes
