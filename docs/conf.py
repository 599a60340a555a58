"""Settings of the documentation's site, which `make docs` builds with Sphinx.

Pages come from this folder, lessons and report notebooks with their saved outputs from
`notebooks/`, and the reference from the docstrings of all public names.
"""

import importlib
import inspect
import json
import os
import pkgutil
import re
import shutil
import sys
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
# Written anew by each build.
NOTEBOOKS, API = DOCS / "lessons", DOCS / "api"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path.insert(0, str(ROOT))

import latex2mathml.converter  # noqa: E402
from docutils import nodes  # noqa: E402

import gankit  # noqa: E402

project, release = "gankit", gankit.__version__
author = copyright = "the developers of gankit"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
]
# tour.md and build_*.py are for those who change gankit.
exclude_patterns = ["_build", "tour.md"]
nb_execution_mode = "off"
nb_merge_streams = True
nb_output_stderr = "remove"
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]
# Docstrings write code in single backticks.
default_role = "literal"
# Quotation marks and ellipses, but not dashes: --data is an option.
smartquotes_action = "qe"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False
napoleon_custom_sections = [("Call arguments", "params_style")]
copybutton_exclude = ".linenos, .gp, .go"

html_theme = "pydata_sphinx_theme"
html_title = "gankit"
html_favicon = "_static/gankit.svg"
html_context = {"default_mode": "auto"}
html_static_path = ["_static"]
html_css_files = ["gankit.css"]
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
# It has no pages below it, so the sidebar would be empty.
html_sidebars = {"troubleshooting": []}
html_show_sourcelink = False
html_math_renderer = "mathml"

# The folders of the reference, with what they are for.
PACKAGES = {
    "gankit": "The names that a program needs first.",
    "gankit.datasets": "Data sets, folders of images, and batches that resume.",
    "gankit.layers": "Layers that Keras lacks or defines differently.",
    "gankit.constraints": "Bounds on weights.",
    "gankit.losses": "Losses of both players, and penalties on slopes.",
    "gankit.networks": "The networks of the reports, built from Keras layers.",
    "gankit.trainers": "Models that train both players, with what they share.",
    "gankit.metrics": "Scores of generated images.",
    "gankit.callbacks": "What happens during a training: progress, samples, doctor.",
    "gankit.plotting": "Pictures: grids, curves, films.",
    "gankit.inspection": "What is inside of a network.",
    "gankit.backend.device": "Precision, compilation, and training on several devices.",
    "gankit.backend.gradients": "Gradients on each backend, for losses of your own.",
    "gankit.experiments": "The experiments of five reports and their results.",
    "gankit.experiments.cmu": "The experiments of the CMU report.",
    "gankit.experiments.claims": "The claims of the reports, and what became of them.",
    "gankit.experiments.scoring.adversarial": "Scorers for an experiment of your own.",
    "gankit.photos.explore": "The latents of a trained generator: directions, sliders.",
    "gankit.photos.translation": "Photographs and videos, translated by a CycleGAN.",
    "gankit.photos.faces": "Data sets of faces from your own photographs.",
    "gankit.course.exercises": "The exercises of the lessons, for a class.",
    "gankit.course.grading": "Marks for what a class hands in.",
    "gankit.course.clinic": "GANs with planted faults to diagnose.",
    "gankit.course.toys": "Small GANs on the line and in the plane.",
    "gankit.course.laboratory": "A GAN in the plane, in slow motion.",
    "gankit.course.report_kit": "A two-page report on a student's runs.",
}


def public(package):
    """Public classes and functions of a package and its public modules.

    Of a package inside another, those modules are public that it names itself.

    Returns:
        Dictionary from the name under which one imports it to the object.
    """
    found = {}
    modules = [importlib.import_module(package)]
    if package.count(".") > 1:
        exported = [getattr(modules[0], n) for n in getattr(modules[0], "__all__", ())]
        modules += filter(inspect.ismodule, exported)
    elif package != "gankit" and hasattr(modules[0], "__path__"):
        modules += [
            importlib.import_module(f"{package}.{module.name}")
            for module in pkgutil.iter_modules(modules[0].__path__)
            if not module.name.startswith("_") and not module.ispkg
        ]
    for module in modules:
        own = module is not modules[0] or not hasattr(module, "__path__")
        for name in getattr(module, "__all__", dir(module)):
            value = getattr(module, name)
            # A cached function is no function, but wraps one.
            if name.startswith("_") or not (
                inspect.isclass(value) or inspect.isfunction(inspect.unwrap(value))
            ):
                continue
            home = value.__module__
            if not home.startswith("gankit") or own and home != module.__name__:
                continue
            if value not in found.values():
                found[f"{module.__name__}.{name}"] = value
    return found


def members(cls):
    """Methods and properties of a class that have a docstring of their own."""
    return ", ".join(
        name
        for name, value in vars(cls).items()
        if not name.startswith("_")
        and name not in ("call", "build")
        and (inspect.isroutine(value) or isinstance(value, property | classmethod))
        and getattr(value, "__module__", "gankit").startswith("gankit")
        and value.__doc__
    )


def write_reference():
    """Writes a page for each public name, and one with a table for each package."""
    shutil.rmtree(API, ignore_errors=True)
    API.mkdir()
    index = ["# Reference", "", "```{toctree}", ":hidden:", ""]
    rows, files = [], {}
    for package, purpose in PACKAGES.items():
        names, own_pages = public(package), []
        index.append(package)
        rows.append(f"| [{package}]({package}.md) | {purpose} | {len(names)} |")
        page = [f"# {package}", "", purpose, "", "| name | what it is |", "|---|---|"]
        for name, value in names.items():
            first = (inspect.getdoc(value) or "").partition("\n\n")[0]
            sentence = " ".join(first.split()).replace("|", "\\|")
            short = name.removeprefix(f"{package}.")
            # What several packages offer has one page, at the first of its names.
            kind = "class" if inspect.isclass(value) else "function"
            known = value in files
            if not known:
                # Where a file system ignores capitals, `Run` and `run` would be one.
                taken = name.lower() in map(str.lower, files.values())
                files[value] = f"{name}-{kind}" if taken else name
            page.append(f"| [{short}]({files[value]}.rst) | {sentence} |")
            if known:
                continue
            own_pages.append(files[value])
            own = members(value) if kind == "class" else ""
            (API / f"{files[value]}.rst").write_text(
                f"{short}\n{'=' * len(short)}\n\n.. auto{kind}:: {name}\n"
                + f"   :members: {own}\n" * bool(own),
                encoding="utf-8",
            )
        page += ["", "```{toctree}", ":hidden:", "", *own_pages, "```", ""]
        (API / f"{package}.md").write_text("\n".join(page), encoding="utf-8")
    index += ["```", "", "| package | holds | names |", "|---|---|---|", *rows, ""]
    (API / "index.md").write_text("\n".join(index), encoding="utf-8")


def fold(cell):
    """Folds a cell of a notebook if it holds a solution or an answer."""
    tags = cell["metadata"].get("tags", [])
    if "solution" in tags:
        prompts = {"show": "Show a solution", "hide": "Hide the solution"}
        options = {f"code_prompt_{when}": text for when, text in prompts.items()}
        cell["metadata"] |= {"tags": [*tags, "hide-cell"], "mystnb": options}
    elif "answer" in tags:  # hide-cell folds code alone
        text = "".join(cell["source"])
        cell["source"] = f"::::{{dropdown}} Show the answer\n{text}\n::::\n"


def copy_notebooks():
    """Copies the notebooks into the pages, as Sphinx reads one folder.

    Readers open solutions and answers themselves.
    """
    shutil.rmtree(NOTEBOOKS, ignore_errors=True)
    shutil.copytree(
        ROOT / "notebooks",
        NOTEBOOKS,
        ignore=shutil.ignore_patterns("runs", "report", ".*", "README.md"),
    )
    for path in NOTEBOOKS.rglob("*.ipynb"):
        notebook = json.loads(path.read_text("utf-8"))
        for cell in notebook["cells"]:
            fold(cell)
        path.write_text(json.dumps(notebook), "utf-8")


def prepare(app):
    copy_notebooks()
    write_reference()


def adapt_links(app, name, source):
    """Links to notebooks lead to their pages, those to other files become names."""
    source[0] = re.sub(
        r"\]\(((?:\.\./)*)\.\./notebooks/(?=\S+\.ipynb\))", r"](\1lessons/", source[0]
    )
    source[0] = re.sub(
        r"(?<!!)\[([^\]]*)\]\((?:\.\./)+(?!lessons|howto|api)([^)\s]*)\)",
        lambda m: m[1] if m[1].startswith("`") else f"{m[1]} (`{m[2]}`)",
        source[0],
    )


def adapt_docstring(app, what, name, obj, options, lines):
    """Docstrings are plain text with code in backticks, which RST reads otherwise."""
    for i, line in enumerate(lines):
        # In RST, code that itself has backticks begins without a space.
        line = line.replace("`` `", "```").replace("` ``", "```")
        parts = line.split("`")
        for j in range(0, len(parts), 2):
            if not parts[j].lstrip().startswith("**"):  # of **kwargs
                parts[j] = re.sub(r"(?<!\\)([|*])", r"\\\1", parts[j])
            if j and parts[j][:1].isalnum():  # `Score`s
                parts[j] = "\\ " + parts[j]
        lines[i] = "`".join(parts)


def signature(app, what, name, obj, options, arguments, returned):
    """Keras hides the arguments of a layer or model behind `*args`."""
    if what != "class" or not inspect.isfunction(obj.__init__):
        return None
    parameters = list(inspect.signature(obj.__init__).parameters.values())[1:]
    return str(inspect.Signature(parameters)), returned


def write_formula(translator, node):
    """Formulas as MathML, which browsers draw without a script from elsewhere."""
    display = "block" if isinstance(node, nodes.math_block) else "inline"
    text = latex2mathml.converter.convert(node.astext(), display=display)
    translator.body.append(text)
    raise nodes.SkipNode


def setup(app):
    app.connect("autodoc-process-signature", signature)
    app.add_html_math_renderer("mathml", (write_formula, None), (write_formula, None))
    app.connect("autodoc-process-docstring", adapt_docstring, priority=400)
    app.connect("builder-inited", prepare)
    app.connect("source-read", adapt_links)
