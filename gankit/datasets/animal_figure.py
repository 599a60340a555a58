"""Draws a horse or a zebra from limbs with a centre line and a width."""

import math

import numpy as np

# Coat and mane: bay, chestnut, dark brown, dun, palomino, liver chestnut.
COATS = [
    ((124, 70, 36), (32, 24, 20)),
    ((158, 84, 40), (126, 62, 28)),
    ((84, 54, 36), (34, 26, 22)),
    ((188, 148, 98), (66, 48, 34)),
    ((204, 158, 92), (238, 222, 190)),
    ((104, 52, 34), (84, 40, 28)),
]
WHITE = np.array([238, 234, 226])
BLACK = np.array([36, 31, 30])


class Pen:
    """Draws in units of the animal: feet at y = 0, the back near y = -1.

    Args:
        canvas: The square RGB PIL image to draw on.
        random: NumPy generator for position, scale and direction.
        position: Share of the width behind the centre of the animal; `None` chooses it
            at random. Outside [0, 1], the centre is outside the canvas.
    """

    def __init__(self, canvas, random, position=None):
        from PIL import ImageDraw

        self.draw = ImageDraw.Draw(canvas)
        # A body seen slightly from the front or from behind looks shorter.
        unit = random.uniform(0.38, 0.52) * canvas.width
        self.scale = np.array([random.uniform(0.82, 1.0) * random.choice([-1, 1]), 1])
        self.scale *= unit
        # The tail is at x = -0.8 and the nose at x = 1.2: centre 0.2, half length 1.
        room = max(0.5 * canvas.width - abs(self.scale[0]), 0)
        middle = 0.5 * canvas.width + random.uniform(-1, 1) * room
        if position is not None:
            middle = canvas.width * (position if self.scale[0] > 0 else 1 - position)
        feet = random.uniform(0.84, 0.95) * canvas.width
        self.origin = np.array([middle - 0.2 * self.scale[0], feet])
        # The shadow is the ground between the feet, darkened.
        there = min(max(int(middle), 0), canvas.width - 1)
        ground = canvas.getpixel((there, int(feet)))
        self.disc((-0.05, 0.01), (0.62, 0.075), 0.68 * np.array(ground))

    def polygon(self, points, colour):
        points = points * self.scale + self.origin
        colour = np.clip(colour, 0, 255).astype(int)
        self.draw.polygon(points.ravel().tolist(), fill=tuple(colour.tolist()))

    def disc(self, centre, radius, colour):
        angle = np.linspace(0, 2 * math.pi, 24, endpoint=False)
        circle = np.stack([np.cos(angle), np.sin(angle)], 1)
        self.polygon(np.asarray(centre) + circle * radius, colour)


class Limb:
    """A smooth centre line with a varying width.

    Args:
        nodes: Rows of `(x, y, half width)`.
    """

    def __init__(self, nodes):
        nodes = np.asarray(nodes, dtype=float)
        for _ in range(3):  # Chaikin's corner cutting smooths the line.
            before, after = nodes[:-1], nodes[1:]
            cut = np.stack([0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after])
            cut = cut.transpose(1, 0, 2).reshape(-1, 3)
            nodes = np.concatenate([nodes[:1], cut, nodes[-1:]])
        steps = np.hypot(*np.diff(nodes[:, :2], axis=0).T)
        self.length = steps.sum()
        self.t = np.concatenate([[0], np.cumsum(steps)]) / self.length
        along = np.gradient(nodes[:, :2], self.t, axis=0)
        along /= np.hypot(*along.T)[:, None]
        self.nodes = np.concatenate([nodes, along[:, 1:], -along[:, :1]], axis=1)

    def point(self, t, u):
        """Returns points at `t` along (0 to 1) and `u` across (1 is the left edge)."""
        x, y, half, normal_x, normal_y = (
            np.interp(t, self.t, column) for column in self.nodes.T
        )
        return np.stack([x + u * half * normal_x, y + u * half * normal_y], axis=-1)

    def fill(self, pen, colour, low=-1.0, high=1.0):
        """Fills the limb between two values of `u`."""
        sides = [self.point(self.t, low), self.point(self.t, high)[::-1]]
        pen.polygon(np.concatenate(sides), colour)

    def stripe(self, pen, colour, spacing, random, *, lean=0.0, taper=0.0):
        """Draws bands across. Edge 1 is `lean` ahead, edge -1 thinner by `taper`."""
        u = np.linspace(-1, 1, 7)
        step = spacing / self.length
        for t in np.arange(0.5 * step, 1.0, step):
            shift = lean(t) if callable(lean) else lean
            middle = t + random.normal(0, 0.07) * step + shift * u + 0.15 * step * u**2
            half = random.uniform(0.24, 0.31) * step * (1 - taper * (1 - u) / 2)
            sides = [self.point(middle - half, u), self.point(middle + half, u)[::-1]]
            pen.polygon(np.concatenate(sides), colour)


def draw_animal(
    canvas, striped, random, *, position=None, stride=None, of_stripes=None
):
    """Draws one animal, seen from the side, on a square PIL image.

    Args:
        canvas: The RGB image.
        striped: Whether the animal has stripes.
        random: NumPy generator for everything not given.
        position: As in `Pen`.
        stride: Angle of the legs in radians.
        of_stripes: NumPy generator for the stripes alone, so that a plain animal with
            the same `random` has the same pose; `None` takes `random`.
    """
    of_stripes = of_stripes or random
    pen = Pen(canvas, random, position)
    coat, mane = (np.array(colour) for colour in COATS[random.integers(len(COATS))])
    coat = coat + random.normal(0, 6, 3)
    if striped:
        coat, mane = WHITE + of_stripes.normal(0, 4), BLACK
    spacing = random.uniform(0.088, 0.105)

    def limb(nodes, light=1.0, dense=1.0, **bands):
        drawn = Limb(nodes)
        drawn.fill(pen, coat * light)
        if striped:
            drawn.stripe(pen, BLACK, dense * spacing, of_stripes, **bands)
        return drawn

    def leg(top, bend, half, swing, light):
        # The upper bone swings, the lower one stays almost upright.
        top = np.array(top)
        knee = np.array([top[0] + bend + 0.30 * math.sin(swing), -0.30])
        foot = np.array([knee[0] - 0.4 * bend + 0.12 * math.sin(swing), -0.03])
        above, below = 0.5 * (top + knee), 0.5 * (knee + foot)
        start = [(top[0], top[1] - 0.12, 0.3 * half), (*top, half)]
        lower = [(*above, 0.66 * half), (*knee, 0.05), (*below, 0.037), (*foot, 0.04)]
        limb(start + lower, light, dense=0.75)
        toe = np.array([[-0.048, 0.035], [0.07, 0.035], [0.04, -0.05], [-0.042, -0.05]])
        pen.polygon(foot + toe, (46, 40, 36))

    chosen = random.uniform(-0.45, 0.45)
    stride = chosen if stride is None else stride
    leg((0.37, -0.62), 0.0, 0.10, -stride, 0.72)
    leg((-0.37, -0.64), -0.08, 0.13, stride, 0.72)

    x, thin = -0.70 + random.uniform(-0.12, 0.06), 0.55 if striped else 1.0
    tail = [(-0.54, -0.93, 0.03), (-0.67, -0.88, 0.04), (x, -0.62, 0.06 * thin)]
    Limb(tail + [(x, -0.44, 0.075), (x + 0.01, -0.25, 0.01)]).fill(pen, mane)

    back = [(-0.65, -0.80, 0.02), (-0.62, -0.79, 0.14), (-0.44, -0.775, 0.215)]
    chest = [(0.22, -0.745, 0.215), (0.42, -0.76, 0.2), (0.52, -0.77, 0.03)]
    # The stripes are vertical on the ribs and lean back on the rump.
    torso = limb(
        back + [(-0.05, -0.745, 0.205)] + chest,
        lean=lambda t: -0.12 * max(0.0, 0.5 - t),
        taper=0.7,
    )
    if not striped:
        torso.fill(pen, coat * 0.86, -1.0, -0.5)
    leg((0.30, -0.62), 0.0, 0.11, stride, 1.0)
    leg((-0.44, -0.68), -0.07, 0.16, -stride, 1.0)
    _draw_neck_and_head(pen, limb, coat, mane, striped, spacing, random, of_stripes)


def _draw_neck_and_head(pen, limb, coat, mane, striped, spacing, random, of_stripes):
    grazing = random.uniform() < 0.2
    rise = random.uniform(-0.75, -0.6) if grazing else random.uniform(0.55, 1.0)
    turn = rise - (random.uniform(0.7, 0.9) if grazing else random.uniform(1.3, 1.7))
    forward = np.array([math.cos(rise), -math.sin(rise)])
    base = np.array([0.30, -0.79])
    poll = base + forward * random.uniform(0.64, 0.70)
    middle = 0.5 * (base + poll) + [0, -0.03]
    neck = [(*(base - 0.06 * forward), 0.14), (*base, 0.19), (*middle, 0.135)]
    neck.append((*poll, 0.085))

    # The mane follows the upper edge and is shorter on a zebra.
    edge = Limb(neck).point(np.linspace(0.15, 1, 6), 0.95)
    crest = Limb(np.column_stack([edge, [0.05 if striped else 0.065] * 6]))
    crest.fill(pen, mane)
    if striped:
        crest.stripe(pen, coat, spacing, of_stripes)
    limb(neck, lean=0.05)

    nose = np.array([math.cos(turn), -math.sin(turn)])
    up = np.array([nose[1], -nose[0]])
    for shift in (0.05, -0.01):
        root = poll + nose * (shift - 0.02) + up * 0.05
        ear = [root - nose * 0.045, root + up * 0.15 - nose * 0.05, root + nose * 0.045]
        pen.polygon(np.stack(ear), coat * 0.8)
    pen.disc(poll, 0.09, coat)
    limb(
        [
            (*(poll - nose * 0.07), 0.06),
            (*(poll + nose * 0.12), 0.13),
            (*(poll + nose * 0.30), 0.08),
            (*(poll + nose * 0.44), 0.066),
        ],
        dense=0.7,
    )
    pen.disc(poll + nose * 0.43, 0.064, BLACK if striped else coat * 0.6)
    pen.disc(poll + nose * 0.13 + up * 0.045, 0.024, (10, 8, 8))
