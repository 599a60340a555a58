"""Checks of the theory: the best discriminator, distances, penalties and steps.

Distributions are probabilities of the same few points, so that no answer integrates.
"""

import numpy as np

from gankit.course.exercises.mistakes import Check, copies, either_wrong
from gankit.course.toys import bilinear, closed_forms, optimal_least_squares

# No entry is 0, and the sums of the two are 1.
REAL = np.array([0.5, 0.3, 0.15, 0.05])
FAKE = np.array([0.1, 0.2, 0.3, 0.4])
PAIRS = {"first pair": (REAL, FAKE), "second pair": (np.full(4, 0.25), REAL)}


# The best discriminator and the value of the game.


def _best_and_value(best, value):
    return {
        f"{what}, {name}": function(*copies(*pair))
        for name, pair in PAIRS.items()
        for what, function in (("D*", best), ("value", value))
    }


def _value(p, q):
    return np.sum(p * np.log(p / (p + q)) + q * np.log(q / (p + q)))


_RIGHT = (closed_forms.optimal_discriminator, _value)

best_discriminator = Check(
    _best_and_value,
    _RIGHT,
    either_wrong(
        _RIGHT,
        {
            "D* is swapped: this is the probability of a generated point, "
            "q / (p + q).": lambda p, q: q / (p + q),
            "D* is the ratio p / q: a probability needs p / (p + q).": np.divide,
            "D* is 1/2 everywhere only where p equals q.": lambda p, q: 0 * p + 0.5,
        },
        {
            "The value has the wrong sign: it is the discriminator's loss, which is "
            "minus the value.": lambda p, q: -_value(p, q),
            "The value takes log D* for generated points, too: there it is "
            "log(1 - D*).": lambda p, q: np.sum((p + q) * np.log(p / (p + q))),
            "The value is averaged over the points: weigh each by its probability and "
            "add them up.": lambda p, q: _value(p, q) / len(p),
            "The logarithms are not weighted: those of real points by p, those of "
            "generated ones by q.": lambda p, q: np.sum(np.log(p * q / (p + q) ** 2)),
            "The value is halved: add both expectations.": (
                lambda p, q: _value(p, q) / 2
            ),
            "This is the Jensen-Shannon divergence JS: the value is 2 JS - 2 ln 2.": (
                lambda p, q: _value(p, q) / 2 + np.log(2)
            ),
        },
    ),
)

# The Wasserstein distance of two samples on the line.

_RANDOM = np.random.default_rng(0)
# One is wider than the other, so that points move both ways.
SAMPLES = {
    f"{n} points": (_RANDOM.normal(size=n), 3 * _RANDOM.normal(size=n) + 0.5)
    for n in (4, 50)
}


def _gaps(x, y):
    return np.sort(x) - np.sort(y)


wasserstein = Check(
    SAMPLES,
    closed_forms.wasserstein,
    {
        "The samples are unsorted: points are paired as they were drawn. Sort both, "
        "so that no two paths cross.": lambda x, y: np.mean(np.abs(x - y)),
        "Only one of the samples is sorted: sort both.": (
            lambda x, y: np.mean(np.abs(np.sort(x) - y))
        ),
        "The distances are summed: take the mean, as every point has the mass 1/n.": (
            lambda x, y: np.sum(np.abs(_gaps(x, y)))
        ),
        "Only the means are compared: two samples may share their mean and still be "
        "far apart.": lambda x, y: abs(np.mean(x) - np.mean(y)),
        "The gaps cancel: take absolute values.": lambda x, y: np.mean(_gaps(x, y)),
        "The distances are squared, with a root after the mean: that is W2. Take "
        "absolute values.": lambda x, y: np.sqrt(np.mean(_gaps(x, y) ** 2)),
        "The distances are squared: take absolute values.": (
            lambda x, y: np.mean(_gaps(x, y) ** 2)
        ),
    },
)

# The slope of a critic under a gradient penalty.

GAINS = ((3.0, 10.0), (3.0, 1.0), (0.5, 10.0))

best_slope = Check(
    {f"W = {w:g}, weight {k:g}": (w, k) for w, k in GAINS},
    lambda w, k: 1 + w / (2 * k),
    {
        "This is what the penalty alone asks for: add the gain.": lambda w, k: 1.0,
        "The 2 from the derivative of the square is missing.": lambda w, k: 1 + w / k,
        "This is how far the slope exceeds 1: add 1.": lambda w, k: w / (2 * k),
        "The sign is wrong: the gain raises the slope.": lambda w, k: 1 - w / (2 * k),
    },
)

# The factors of the bilinear game.


METHODS = ("simultaneous", "extragradient")


def _factors(*factors):
    return {
        f"{name}, rate {rate:g}": factor(rate)
        for name, factor in zip(METHODS, factors, strict=True)
        for rate in (0.1, 0.5)
    }


def _factor(method):
    return lambda rate: bilinear.spectral_radius(bilinear.step_matrix(method, rate))


_OUT, _IN = map(_factor, METHODS)

factors = Check(
    _factors,
    (_OUT, _IN),
    {
        "These are the factors of the squared distance: take the roots.": (
            lambda rate: 1 + rate**2,
            lambda rate: 1 - rate**2 + rate**4,
        ),
        "The two are swapped: simultaneous steps move away.": (_IN, _OUT),
    }
    | either_wrong(
        (_OUT, _IN),
        {
            "Simultaneous steps are not along the radius but across it: use "
            "Pythagoras, sqrt(1 + rate^2).": lambda rate: 1 + rate,
        },
        {
            "In extragradient a part is missing: both coordinates of the new point "
            "contribute to its distance.": lambda rate: np.sqrt(1 - rate**2),
            "This is only one coordinate of the point that extragradient reaches: "
            "take its distance.": lambda rate: 1 - rate**2,
        },
    ),
)

# The best discriminator of the least-squares loss, and the slope that G gets there.

LABELS = {"labels 0, 1, 1": (0.0, 1.0, 1.0), "labels -1, 1, 0": (-1.0, 1.0, 0.0)}


def _output_and_slope(output, slope):
    outcome = {}
    for name, (a, b, c) in LABELS.items():
        outcome[f"D*, {name}"] = output(*copies(REAL, FAKE), a, b)
        outcome[f"slope, {name}"] = slope(*copies(REAL, FAKE), a, b, c)
    return outcome


def _slope(p, q, a, b, c):
    return optimal_least_squares(p, q, a, b) - c


least_squares = Check(
    _output_and_slope,
    (optimal_least_squares, _slope),
    either_wrong(
        (optimal_least_squares, _slope),
        {
            "The labels are swapped: real points pull to b, generated ones to a.": (
                lambda p, q, a, b: (a * p + b * q) / (p + q)
            ),
            "This is the best discriminator of the cross-entropy: the labels a and b "
            "are missing.": lambda p, q, a, b: p / (p + q),
            "The labels are not divided by p + q.": lambda p, q, a, b: b * p + a * q,
        },
        {
            "The sign of the slope is wrong: the derivative of (D - c)^2 / 2 is "
            "D - c.": lambda *x: -_slope(*x),
            "The slope is doubled: the half in the loss cancels the 2.": (
                lambda *x: 2 * _slope(*x)
            ),
            "This is the generator's loss: the slope is its derivative by D.": (
                lambda *x: _slope(*x) ** 2 / 2
            ),
        },
    ),
)
