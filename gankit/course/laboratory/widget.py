"""The laboratory in a notebook."""

import anywidget
import traitlets

from gankit.course.laboratory.frame import pack, pack_places
from gankit.course.laboratory.laboratory import Laboratory
from gankit.course.laboratory.page import FOLDER
from gankit.course.laboratory.recordings import describe
from gankit.course.laboratory.runs import eight
from gankit.course.toys import targets
from gankit.course.toys.drawings import Drawing, heart, two_moons
from gankit.course.toys.modes import LOSSES

# What the menus offer beside target and loss of the laboratory that was passed, and
# beside what was drawn.
OWN, DRAWN = "as in this cell", "your drawing"
TARGETS = {
    "eight Gaussians": eight,
    "a grid of nine": lambda: targets.grid(side=3, scale=0.15),
    "two moons": two_moons,
    "a heart": heart,
}


class Widget(anywidget.AnyWidget):
    """Controls and pictures of a `Laboratory`, for JupyterLab and its kin.

    The browser asks for one frame at a time, so that a slow machine plays slowly and
    never falls behind.

    Args:
        laboratory: The `Laboratory` that is shown at first. A menu changes target and
            loss, and its `laboratory` is then another one.
    """

    _esm = FOLDER / "laboratory.js"
    _css = FOLDER / "laboratory.css"
    menu = traitlets.Dict().tag(sync=True)

    def __init__(self, laboratory):
        super().__init__(
            menu={"targets": [OWN, *TARGETS], "games": [OWN, *LOSSES], "drawn": DRAWN}
        )
        self.laboratory = laboratory
        self.title = "Your own laboratory"
        self._targets = {OWN: lambda: laboratory.game.target, **TARGETS}
        self._arguments = laboratory.arguments
        self.on_msg(self._answer)

    def _answer(self, _, asked, buffers):
        """Does what the browser asks for; sends a frame, or a sentence."""
        try:
            frame, news = self._do(asked)
        except Exception as error:
            # The browser waits for an answer, whatever it is.
            self.send({"error": str(error)})
            if isinstance(error, ValueError):
                return
            raise
        laboratory = self.laboratory
        packed = pack(frame, laboratory.reach)
        answer, parts = {"head": packed.head}, []
        world = describe(laboratory, self.title)
        if asked["do"] == "rates":
            answer["settings"] = world["settings"]
        elif news:
            answer["world"] = world
            parts = [pack_places(frame.real, laboratory.reach)]
        self.send(answer, [packed.places, packed.surface, packed.arrows, *parts])

    def _do(self, asked):
        laboratory = self.laboratory
        match asked["do"]:
            case "look":
                return laboratory.frame(), True
            case "move":
                return laboratory.move(asked["player"]), False
            case "play":
                return laboratory.play(int(asked["steps"])), False
            case "rates":
                laboratory.set_rates(*asked["rates"])
                return laboratory.frame(), False
            case "reset":
                return laboratory.reset(), True
            case "open":
                return self._open(asked["target"], asked["game"], asked["rates"])
            case "draw":
                drawn = Drawing(asked["strokes"], asked["breadth"])
                self._targets[DRAWN] = lambda: drawn
                return self._open(DRAWN, asked["game"], asked["rates"])
        raise ValueError(f"Expected a known request, received {asked['do']!r}.")

    def _open(self, target, game, rates):
        arguments = dict(self._arguments)
        if game != OWN:
            arguments["loss"], options = LOSSES[game]
            arguments |= {"bound": None, "strength": None, **options}
        self.laboratory = Laboratory(
            self._targets[target](),
            learning_rate=rates[0],
            generator_rate=rates[1],
            **arguments,
        )
        words = "; ".join(word for word in (target, game) if word != OWN)
        self.title = words[:1].upper() + words[1:] or "Your own laboratory"
        return self.laboratory.frame(), True
