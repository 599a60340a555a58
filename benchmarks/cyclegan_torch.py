"""The same CycleGAN step in plain PyTorch, channels-last."""

import contextlib
import itertools

import numpy as np
import torch
from torch import nn

SIDE = 64
CYCLE_WEIGHT, IDENTITY_WEIGHT = 10.0, 5.0


def _convolution(before, after, kernel, stride=1, pad=0):
    return [
        nn.Conv2d(before, after, kernel, stride, pad),
        nn.InstanceNorm2d(after),
    ]


class Residual(nn.Module):
    """Two reflected 3 x 3 convolutions beside the identity."""

    def __init__(self, width):
        super().__init__()
        self.branch = nn.Sequential(
            nn.ReflectionPad2d(1),
            *_convolution(width, width, 3),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            *_convolution(width, width, 3),
        )

    def forward(self, x):
        return x + self.branch(x)


def _generator():
    return nn.Sequential(
        nn.ReflectionPad2d(3),
        *_convolution(3, 64, 7),
        nn.ReLU(),
        *_convolution(64, 128, 3, 2, 1),
        nn.ReLU(),
        *_convolution(128, 256, 3, 2, 1),
        nn.ReLU(),
        *(Residual(256) for _ in range(6)),
        nn.ConvTranspose2d(256, 128, 3, 2, 1, 1),
        nn.InstanceNorm2d(128),
        nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 3, 2, 1, 1),
        nn.InstanceNorm2d(64),
        nn.ReLU(),
        nn.ReflectionPad2d(3),
        nn.Conv2d(64, 3, 7),
        nn.Tanh(),
    ).to(memory_format=torch.channels_last)


def _discriminator():
    return nn.Sequential(
        nn.Conv2d(3, 64, 4, 2, 1),
        nn.LeakyReLU(0.2),
        *_convolution(64, 128, 4, 2, 1),
        nn.LeakyReLU(0.2),
        *_convolution(128, 256, 4, 2, 1),
        nn.LeakyReLU(0.2),
        # Keras pads "same" to one side where a kernel of 4 meets a stride of 1.
        nn.ZeroPad2d((1, 2, 1, 2)),
        *_convolution(256, 512, 4),
        nn.LeakyReLU(0.2),
        nn.ZeroPad2d((1, 2, 1, 2)),
        nn.Conv2d(512, 1, 4),
    ).to(memory_format=torch.channels_last)


def build(precision):
    """Returns a function that trains a number of steps."""
    torch.manual_seed(0)
    g, f, d_a, d_b = _generator(), _generator(), _discriminator(), _discriminator()
    generators = list(itertools.chain(g.parameters(), f.parameters()))
    discriminators = list(itertools.chain(d_a.parameters(), d_b.parameters()))
    g_optimizer = torch.optim.Adam(generators, 2e-4, (0.5, 0.999))
    d_optimizer = torch.optim.Adam(discriminators, 2e-4, (0.5, 0.999))
    rng = np.random.default_rng(0)
    domains = torch.from_numpy(rng.integers(0, 256, (2, 50, 3, SIDE, SIDE), "uint8"))

    def autocast():
        if precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast("cpu", torch.bfloat16)

    def squares(outputs, target):
        return 0.5 * (outputs.float() - target).square().mean()

    def distance(x, y):
        return (x.float() - y).abs().mean()

    def step():
        i, j = torch.randint(50, (2,))
        a, b = (
            x[None].to(memory_format=torch.channels_last).float() / 127.5 - 1
            for x in (domains[0, i], domains[1, j])
        )
        with autocast():
            with torch.no_grad():
                fake_b, fake_a = g(a), f(b)
            d_loss = (
                squares(d_a(a), 1)
                + squares(d_a(fake_a), 0)
                + squares(d_b(b), 1)
                + squares(d_b(fake_b), 0)
            )
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
        for weight in discriminators:
            weight.requires_grad_(False)
        with autocast():
            fake_b, fake_a = g(a), f(b)
            g_loss = (
                squares(d_b(fake_b), 1)
                + squares(d_a(fake_a), 1)
                + CYCLE_WEIGHT * (distance(f(fake_b), a) + distance(g(fake_a), b))
                + IDENTITY_WEIGHT * (distance(g(b), b) + distance(f(a), a))
            )
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        for weight in discriminators:
            weight.requires_grad_(True)

    def train(steps):
        for _ in range(steps):
            step()

    return train
