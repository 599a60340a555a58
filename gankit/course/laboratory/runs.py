"""The games that the page of recorded games shows."""

from dataclasses import dataclass, field

from gankit.course.laboratory.laboratory import Laboratory
from gankit.course.toys.drawings import heart, two_moons
from gankit.course.toys.targets import ring


@dataclass(frozen=True)
class Run:
    """A game to record.

    Attributes:
        title: What it is.
        target: Function without arguments that returns the target.
        note: What to look for in it.
        steps: Steps of the game.
        losses: A key of `gankit.losses.LOSSES`.
        options: What else `Laboratory` is given.
    """

    title: str
    target: object
    note: str
    steps: int
    losses: str = "non_saturating"
    options: dict = field(default_factory=dict)

    def laboratory(self):
        """The `Laboratory` in which it is played, with seed 0."""
        return Laboratory(self.target(), self.losses, seed=0, **self.options)


def eight():
    """Eight Gaussians on a circle, wide enough to be found in little time."""
    return ring(scale=0.1)


RUNS = (
    Run(
        "Eight Gaussians, a game that goes well",
        eight,
        "First G spreads too far, and D cannot tell. Then D finds the clusters, and "
        "the lattice is drawn to them. Between two clusters it stays stretched: G is "
        "continuous, so some points are always on the way.",
        1000,
    ),
    Run(
        "Two moons",
        two_moons,
        "The square of latents becomes one ribbon along both bows. Arrows point to "
        "where D's answer rises, which is not always where the nearest data are, and "
        "changes with every step of D.",
        1000,
    ),
    Run(
        "A drawn heart",
        heart,
        "A closed line without clusters. At the end D answers nearly 1/2 along all of "
        "it, and both losses are near their dashed lines.",
        1000,
    ),
    Run(
        "A discriminator that is too strong, saturating loss",
        eight,
        "D moves five times for each move of G, and faster. Soon it is sure: orange "
        "around all generated points, and nearly all arrows are gone, as the gradient "
        "of this loss vanishes just where D is right. Adam makes steps of whatever "
        "gradient is left, and much later the points come out.",
        200,
        "minimax",
        {"discriminator_steps": 5, "learning_rate": 1e-2, "generator_rate": 2e-4},
    ),
    Run(
        "The generator moves ten times as often",
        eight,
        "G runs with all its points to wherever D is blue at the moment. D turns "
        "round, G runs on: the lattice is crushed, and no cluster is kept.",
        150,
        options={"generator_steps": 10},
    ),
    Run(
        "Ten times as often, but unrolled",
        eight,
        "The same, but G foresees five steps of D before it moves (Metz et al. 2017). "
        "Its points stay spread over the clusters. The arrows are those of the D that "
        "is drawn, not of the one that G foresees.",
        150,
        options={"generator_steps": 10, "unrolled": 5, "unrolled_rate": 0.3},
    ),
    Run(
        "A rate that is too high",
        eight,
        "The first game with a rate fifteen times as high. Both leap: points fly from "
        "side to side, and end on a ribbon through some clusters that leaves out "
        "others.",
        600,
        options={"learning_rate": 3e-2},
    ),
    Run(
        "A Wasserstein critic with clipping",
        two_moons,
        "Five updates of the critic to one of G, its weights clipped. Its values are "
        "smooth ramps, too plain to follow the moons: the points are spread about "
        "them to the end.",
        600,
        "wasserstein",
        {"bound": "clipping", "discriminator_steps": 5},
    ),
    Run(
        "A Wasserstein critic with a gradient penalty",
        eight,
        "The first game with another loss, a penalty on slopes other than 1 and twice "
        "the rate. The arrows do not vanish, however sure the critic is. At first they "
        "throw G about; at the end its points are on the circle.",
        1000,
        "wasserstein",
        {"bound": "penalty", "strength": 0.1, "learning_rate": 4e-3},
    ),
)
