"""The five guidelines of the DCGAN paper, and which layers follow or break them."""

from dataclasses import dataclass

from keras import layers

from gankit.inspection.network_graph import pair, steps

STRIDES = "strides instead of pooling"
BATCH_NORM = "batch normalisation in both networks"
NO_HIDDEN_DENSE = "no fully connected hidden layers"
GENERATOR_ACTIVATIONS = "ReLU in the generator, tanh at its output"
DISCRIMINATOR_ACTIVATIONS = "LeakyReLU in the discriminator"
GUIDELINES = (
    STRIDES,
    BATCH_NORM,
    NO_HIDDEN_DENSE,
    GENERATOR_ACTIVATIONS,
    DISCRIMINATOR_ACTIVATIONS,
)


@dataclass(frozen=True)
class Finding:
    """Whether one layer follows one guideline.

    Attributes:
        guideline: One of `GUIDELINES`.
        network: `"generator"` or `"discriminator"`.
        layer: Name of the layer.
        kept: Whether the layer follows the guideline.
        reason: The reason, in a few words.
    """

    guideline: str
    network: str
    layer: str
    kept: bool
    reason: str


class _Player:
    """A network, with the layers before and after each of its layers."""

    def __init__(self, model, is_generator):
        self.is_generator = is_generator
        self.steps = steps(model)
        self.kernels = [step for step in self.steps if step.has_kernel]
        self.children = {step: [] for step in self.steps}
        before, after = {}, {}
        for step in self.steps:
            before[step] = any(p.has_kernel or before[p] for p in step.parents)
            for parent in step.parents:
                self.children[parent].append(step)
        for step in reversed(self.steps):
            children = self.children[step]
            after[step] = any(c.has_kernel or after[c] for c in children)
        self.comes_first = {step: not before[step] for step in self.steps}
        self.comes_last = {step: not after[step] for step in self.steps}

    def following(self, step):
        """Lists the steps after `step`, up to the next layers with a kernel.

        After an activation they also end where branches meet, because later steps
        belong to other layers too.
        """
        followers = {}
        queue = [(step, False)]
        for last, activated in queue:
            activated = activated or last.activation is not None
            for child in self.children[last]:
                ends = child.has_kernel or (activated and len(child.parents) > 1)
                if not ends and child not in followers:
                    followers[child] = True
                    queue.append((child, activated))
        return list(followers)


def guidelines(generator, discriminator):
    """Checks a generator and a discriminator against the five DCGAN guidelines.

    The check follows the graph of each network. So an activation may be a layer, a
    function or an argument, and it may come before or after batch normalisation. Layers
    inside a custom layer are not checked.

    Args:
        generator: A built functional or sequential `keras.Model`.
        discriminator: The same.

    Returns:
        A list of `Finding`, one for each guideline and layer that it concerns, sorted
        by guideline, network and layer.

    Raises:
        ValueError: If a model has no graph.

    Reference:
        Radford et al. 2016, section 3 (https://arxiv.org/abs/1511.06434).
    """
    players = {
        "generator": _Player(generator, is_generator=True),
        "discriminator": _Player(discriminator, is_generator=False),
    }
    checks = {
        STRIDES: (_strides, players),
        BATCH_NORM: (_batch_norms, players),
        NO_HIDDEN_DENSE: (_dense_layers, players),
        GENERATOR_ACTIVATIONS: (_generator_activations, ["generator"]),
        DISCRIMINATOR_ACTIVATIONS: (_discriminator_activations, ["discriminator"]),
    }
    findings = [
        Finding(guideline, network, step.name, kept, reason)
        for guideline, (check, networks) in checks.items()
        for network in networks
        for step, kept, reason in check(players[network])
    ]
    # A layer that is called twice appears twice.
    return list(dict.fromkeys(findings))


def _strides(player):
    for step in player.steps:
        kind = type(step.layer).__name__
        if hasattr(step.layer, "kernel_size"):
            form = "transposed convolution" if "Transpose" in kind else "convolution"
            yield step, True, f"{form} of stride {max(pair(step.layer.strides))}"
        elif "Pool" in kind:
            yield step, False, f"{kind} instead of a strided convolution"
        elif "UpSampling" in kind or "Resiz" in kind:
            reason = (
                f"{kind} instead of a transposed convolution (followed by a "
                "convolution, a later remedy for checkerboards: Odena et al. 2016)"
            )
            yield step, False, reason


def _batch_norms(player):
    for step in player.steps:
        raw = player.comes_first[step] and not step.has_kernel
        if raw and not player.is_generator:
            if step.normalisation == "batch normalisation":
                yield step, False, "batch normalisation of the images themselves"
    for step in player.kernels:
        following = player.following(step)
        names = [s.normalisation for s in following]
        if "SpectralNormalization" in step.wrappers:
            names.append("spectral normalisation")
        names = [name for name in dict.fromkeys(names) if name]
        has = "batch normalisation" in names
        reason = " and ".join(names) or "no normalisation"
        if player.is_generator and player.comes_last[step]:
            yield step, not has, f"{reason}, at the output"
        elif not player.is_generator and player.comes_first[step]:
            yield step, not has, f"{reason}, at the input"
        elif not player.is_generator and player.comes_last[step]:
            yield step, True, f"{reason}, at the logit"
        else:
            yield step, has, reason if has or not names else f"{reason} instead"


def _dense_layers(player):
    for step in player.kernels:
        if not isinstance(step.layer, layers.Dense):
            continue
        to_map = any(len(s.shape) > 3 for s in player.following(step))
        if len(step.shape) > 3:
            yield step, True, "dense for every pixel, a 1 x 1 convolution"
        elif player.is_generator and player.comes_first[step] and to_map:
            yield step, True, "projects the latent, then reshaped to a map"
        elif player.is_generator and player.comes_last[step]:
            yield step, False, "a fully connected output"
        elif player.is_generator and to_map:
            yield step, False, "reshaped to a map, but after another layer"
        elif not player.is_generator and player.comes_last[step]:
            yield step, True, "gives the logit"
        else:
            yield step, False, f"a hidden dense layer of {step.layer.units} units"


def _activations(player):
    """Yields each layer with a kernel and the activations up to the next one."""
    for step in player.kernels:
        names = [s.activation for s in (step, *player.following(step))]
        names = [name for name in dict.fromkeys(names) if name]
        yield step, names, " and ".join(names) or "no activation"


def _generator_activations(player):
    for step, names, reason in _activations(player):
        if player.comes_last[step]:
            yield step, names == ["tanh"], f"{reason}, at the output"
        else:
            yield step, names == ["ReLU"], reason


def _discriminator_activations(player):
    for step, names, reason in _activations(player):
        if player.comes_last[step]:
            reason += ", which belongs to the loss" if names == ["sigmoid"] else ""
            yield step, names in ([], ["sigmoid"]), f"{reason}, at the logit"
        else:
            kept = len(names) == 1 and names[0].startswith("LeakyReLU")
            yield step, kept, reason


def broken_guidelines(findings):
    """Lists the guidelines that at least one layer breaks, in the paper's order.

    Args:
        findings: Result of `guidelines`.

    Returns:
        A list of those in `GUIDELINES`.
    """
    texts = {finding.guideline for finding in findings if not finding.kept}
    return [guideline for guideline in GUIDELINES if guideline in texts]


def guideline_table(findings):
    """Formats findings as text: each guideline and the layers that break it.

    Args:
        findings: Result of `guidelines`.

    Returns:
        A string of several lines.
    """
    lines = []
    for guideline in GUIDELINES:
        breaches = [f for f in findings if f.guideline == guideline and not f.kept]
        lines.append(f"{'broken' if breaches else 'kept':8}{guideline}")
        lines += [f"{'':10}{f.network}, {f.layer}: {f.reason}" for f in breaches]
    return "\n".join(lines)
