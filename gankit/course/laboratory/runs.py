"""The trainings that the page of recordings shows."""

from dataclasses import dataclass, field

from gankit.course.laboratory.laboratory import Laboratory
from gankit.course.toys.drawings import heart, two_moons
from gankit.course.toys.targets import ring


@dataclass(frozen=True)
class Run:
    """A training to record.

    Attributes:
        title: Its title.
        target: Function without arguments that returns the target.
        note: What to look for in it.
        steps: Training steps.
        loss: A key of `gankit.losses.LOSSES`.
        options: Further arguments of `Laboratory`.
    """

    title: str
    target: object
    note: str
    steps: int
    loss: str = "non_saturating"
    options: dict = field(default_factory=dict)

    def laboratory(self):
        """The `Laboratory` that runs it, with seed 0."""
        return Laboratory(self.target(), self.loss, seed=0, **self.options)


def eight():
    """Eight Gaussians on a circle, wide enough to be learnt quickly."""
    return ring(scale=0.1)


RUNS = (
    Run(
        "Eight Gaussians, a training that goes well",
        eight,
        "First G spreads too far, and D cannot tell real from generated. Then D finds "
        "the clusters, and the lattice moves to them. Between two clusters it stays "
        "stretched: G is continuous, so some points always lie in between.",
        1000,
    ),
    Run(
        "Two moons",
        two_moons,
        "The square of latents becomes one ribbon along both moons. Arrows point to "
        "where D's output rises. That is not always where the nearest data are, and it "
        "changes with every update of D.",
        1000,
    ),
    Run(
        "A drawn heart",
        heart,
        "A closed line without clusters. At the end D's output is nearly 1/2 along the "
        "whole line, and both losses are near their dashed lines.",
        1000,
    ),
    Run(
        "A discriminator that is too strong, saturating loss",
        eight,
        "D gets five updates for each update of G, at a higher rate. Soon it is "
        "confident: orange around all generated points, and nearly all arrows are "
        "gone, as the gradient of this loss vanishes exactly where D is right. Adam "
        "rescales whatever gradient is left, and much later the points escape.",
        200,
        "minimax",
        {"discriminator_steps": 5, "learning_rate": 1e-2, "generator_rate": 2e-4},
    ),
    Run(
        "Ten updates of the generator for each of the discriminator",
        eight,
        "G moves all its points to wherever D is blue at the moment. D reacts, and G "
        "moves on: the lattice is crushed, and G stays at no cluster.",
        150,
        options={"generator_steps": 10},
    ),
    Run(
        "Ten updates of the generator, unrolled",
        eight,
        "The same, but G anticipates five updates of D before its own (Metz et al. "
        "2017). Its points stay spread over the clusters. The arrows belong to the D "
        "that is drawn, not to the one that G anticipates.",
        150,
        options={"generator_steps": 10, "unrolled": 5, "unrolled_rate": 0.3},
    ),
    Run(
        "A learning rate that is too high",
        eight,
        "The first training with fifteen times the rate. Both networks overshoot: "
        "points jump from side to side and end on a ribbon through some of the "
        "clusters only.",
        600,
        options={"learning_rate": 3e-2},
    ),
    Run(
        "A Wasserstein critic with clipping",
        two_moons,
        "Five updates of the critic to one of G, with clipped weights. Its values are "
        "smooth ramps, too simple to follow the moons: the points stay spread around "
        "them to the end.",
        600,
        "wasserstein",
        {"bound": "clipping", "discriminator_steps": 5},
    ),
    Run(
        "A Wasserstein critic with a gradient penalty",
        eight,
        "The first training with another loss, a penalty on slopes other than 1 and "
        "twice the rate. The arrows do not vanish, however confident the critic is. "
        "At first they push G back and forth; at the end its points are on the circle.",
        1000,
        "wasserstein",
        {"bound": "penalty", "strength": 0.1, "learning_rate": 4e-3},
    ),
)
