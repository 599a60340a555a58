"""What two runs must have in common before their scores are compared."""

import dataclasses

# What should be the same for all runs that are compared.
CONDITIONS = (
    *("device", "devices", "backend", "precision", "threads", "data", "batch_size"),
    *("versions", "commit"),
)


@dataclasses.dataclass(frozen=True)
class Measure:
    """What a score measures. Two values are compared only where all fields agree.

    The fields have the same meaning as in `gankit.metrics.Score`.
    """

    name: str
    extractor: str | None = None
    resize: str | None = None
    n_real: int | None = None
    n_fake: int | None = None

    @classmethod
    def of(cls, score):
        """The measure of a score, given as a dict of `scores.json`."""
        return cls(**{f.name: score.get(f.name) for f in dataclasses.fields(cls)})

    @property
    def how(self):
        """How it was measured, in words: all fields but the name."""
        fields = dataclasses.asdict(self)
        del fields["name"]
        return ", ".join(f"{k} {v}" for k, v in fields.items() if v is not None)

    def __str__(self):
        return self.name + (f" ({self.extractor})" if self.extractor else "")


def conditions(runs):
    """The conditions under which runs were trained.

    Args:
        runs: Tuples whose second item is the content of a `scores.json`.

    Returns:
        Dict from each of `CONDITIONS` to the sorted list of its values in these runs.
    """
    found = {key: set() for key in CONDITIONS}
    for _, scores, *_ in runs:
        versions = [f"{key} {value}" for key, value in scores["versions"].items()]
        data = f"{scores['data']} ({scores['data_fingerprint'][:8]})"
        texts = {**scores, "versions": ", ".join(versions), "data": data}
        for key, values in found.items():
            values.add(str(texts[key]))
    return {key: sorted(values) for key, values in found.items()}
