"""The laboratory in a notebook."""

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise ImportError(
        "Expected the package anywidget, received none: pip install anywidget, or "
        "write a page without widgets with gankit laboratory PAGE.html."
    ) from error

from gankit.course.laboratory.frame import pack, pack_places
from gankit.course.laboratory.laboratory import Laboratory
from gankit.course.laboratory.page import FOLDER
from gankit.course.laboratory.recordings import describe
from gankit.course.laboratory.runs import eight
from gankit.course.toys import targets
from gankit.course.toys.drawings import Drawing, heart, two_moons
from gankit.course.toys.modes import LOSSES

# Menu entries for the target and loss of the given laboratory, and for a drawn target.
OWN, DRAWN = "as in this cell", "your drawing"
TARGETS = {
    "eight Gaussians": eight,
    "a grid of nine": lambda: targets.grid(side=3, scale=0.15),
    "two moons": two_moons,
    "a heart": heart,
}


class Widget(anywidget.AnyWidget):
    """Controls and pictures of a `Laboratory`, for JupyterLab, Colab and the like.

    The browser requests one frame at a time, so that a slow machine never falls behind.

    Args:
        laboratory: The first `Laboratory`. The menus for target and loss replace it in
            the attribute `laboratory`.
    """

    _esm = FOLDER / "laboratory.js"
    _css = FOLDER / "laboratory.css"
    menu = traitlets.Dict().tag(sync=True)

    def __init__(self, laboratory):
        super().__init__(
            menu={
                "targets": [OWN, *TARGETS],
                "losses": [OWN, *LOSSES],
                "drawing": DRAWN,
            }
        )
        self.laboratory = laboratory
        self.title = "Your own laboratory"
        self._targets = {OWN: lambda: laboratory.game.target, **TARGETS}
        self._arguments = laboratory.arguments
        self.on_msg(self._answer)

    def _repr_mimebundle_(self, **options):
        data, metadata = super()._repr_mimebundle_(**options)
        words = "the laboratory, which appears when this notebook runs"
        return {**data, "text/plain": words}, metadata

    def _answer(self, _, request, buffers):
        """Handles a request of the browser and sends a frame or an error message."""
        try:
            frame, is_new = self._handle(request)
        except Exception as error:
            # The browser waits for an answer in any case.
            self.send({"error": str(error)})
            if isinstance(error, ValueError):
                return
            raise
        laboratory = self.laboratory
        packed = pack(frame, laboratory.reach)
        answer, parts = {"head": packed.head}, []
        world = describe(laboratory, self.title)
        if request["do"] == "rates":
            answer["settings"] = world["settings"]
        elif is_new:
            answer["world"] = world
            parts = [pack_places(frame.real, laboratory.reach)]
        self.send(answer, [packed.places, packed.surface, packed.arrows, *parts])

    def _handle(self, request):
        laboratory = self.laboratory
        match request["do"]:
            case "observe":
                return laboratory.frame(), True
            case "update":
                return laboratory.update(request["player"]), False
            case "train":
                return laboratory.train(int(request["steps"])), False
            case "rates":
                laboratory.set_rates(*request["rates"])
                return laboratory.frame(), False
            case "reset":
                return laboratory.reset(), True
            case "open":
                return self._open(request["target"], request["loss"], request["rates"])
            case "draw":
                drawing = Drawing(request["strokes"], request["breadth"])
                self._targets[DRAWN] = lambda: drawing
                return self._open(DRAWN, request["loss"], request["rates"])
        raise ValueError(f"Expected a known request, received {request['do']!r}.")

    def _open(self, target, loss, rates):
        arguments = dict(self._arguments)
        if loss != OWN:
            arguments["loss"], options = LOSSES[loss]
            arguments |= {"bound": None, "strength": None, **options}
        self.laboratory = Laboratory(
            self._targets[target](),
            learning_rate=rates[0],
            generator_rate=rates[1],
            **arguments,
        )
        words = "; ".join(word for word in (target, loss) if word != OWN)
        self.title = words[:1].upper() + words[1:] or "Your own laboratory"
        return self.laboratory.frame(), True
