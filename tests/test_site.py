"""The documentation's site: it builds without warnings, and one can walk through it."""

import functools
import http.server
import importlib
import inspect
import json
import re
import resource
import shutil
import subprocess
import sys
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[1]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def test_the_public_workflow_runs_the_readmes_commands():
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text("utf-8"))
    jobs = workflow["jobs"]
    commands = {step.get("run") for job in jobs.values() for step in job["steps"]}
    assert {"make test", "make docs"} <= commands
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]


def test_the_citation_names_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    version = importlib.import_module("gankit").__version__
    assert citation["version"] == version and citation["license"] == "Apache-2.0"
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site, from a copy of the pages, as it writes some of them."""
    pytest.importorskip("sphinx", reason='pip install "gankit[docs]" builds the site')
    folder = tmp_path_factory.mktemp("site")
    for name in ("notebooks", "results", "gankit"):
        (folder / name).symlink_to(ROOT / name)
    ignored = shutil.ignore_patterns("_build", "api", "lessons")
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=ignored)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going"]
        + ["--quiet", "-b", "html", str(folder / "docs"), str(folder / "html")],
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert built.returncode == 0, built.stderr[-3000:]
    # Three minutes of one processor, however busy the machine is.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 180
    return folder / "html"


class _Page(HTMLParser):
    """The links, anchors and pictures of a page, and what a browser loads for it."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors, self.silent, self.loaded = [], set(), [], []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.add(attributes.get("id"))
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if tag in ("img", "script", "iframe", "video", "audio", "source", "embed"):
            self.loaded.append(attributes.get("src"))
        if tag == "link" and not {"next", "prev", "canonical"} & set(
            attributes.get("rel", "").split()
        ):
            self.loaded.append(attributes.get("href"))
        if tag in ("img", "script") and attributes.get("src"):
            self.links.append(attributes["src"])
        if tag == "img" and not attributes.get("alt"):
            self.silent.append(attributes.get("src", "")[:60])


@pytest.fixture(scope="module")
def pages(site):
    return {
        path: _Page(path)
        for path in sorted(site.rglob("*.html"))
        if "_static" not in path.parts
    }


def test_no_link_inside_is_broken(site, pages):
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve()
            target = path.resolve() if not parts.path else target
            if not target.exists():
                broken.append((path.name, link))
            elif parts.fragment and target.suffix == ".html":
                known = pages[site / target.relative_to(site.resolve())].anchors
                if unquote(parts.fragment) not in known:
                    broken.append((path.name, link))
    assert broken == []


def test_no_page_loads_anything_from_another_host(pages):
    elsewhere = {
        (path.name, place)
        for path, page in pages.items()
        for place in filter(None, page.loaded)
        if urlsplit(place).scheme not in ("", "data") or urlsplit(place).netloc
    }
    assert elsewhere == set()


def test_solutions_and_answers_are_folded(site):
    for path in sorted((ROOT / "notebooks").glob("0*.ipynb")):
        page = (site / f"lessons/{path.stem}.html").read_text("utf-8")
        cells = json.loads(path.read_text("utf-8"))["cells"]
        tags = [tag for cell in cells for tag in cell["metadata"].get("tags", ())]
        # Folded with its output: the fold begins where the cell does.
        solution = r'tag_solution[^>]*>\s*<details class="[^>]*above-input">'
        answer = (
            r'<details class="[^>]*sd-dropdown[^>]*>\s*<summary[^>]*>\s*<span[^>]*>'
        )
        for tag, pattern in (
            ("solution", solution),
            ("answer", answer + "Show the answer"),
        ):
            found = len(re.findall(pattern, page))
            assert found == tags.count(tag) > 0, (path.name, tag)


def test_every_picture_has_alternative_text(pages):
    assert {path.name: page.silent for path, page in pages.items() if page.silent} == {}


def _public_names():
    """Yields the packages with the classes and functions that they export.

    A module that a package exports counts with all its own. Constants have no pages.
    """
    for path in sorted((ROOT / "gankit").rglob("__init__.py")):
        package = ".".join(path.parent.relative_to(ROOT).parts)
        module = importlib.import_module(package)
        exported = {n: getattr(module, n) for n in getattr(module, "__all__", ())}
        if (stub := path.with_suffix(".pyi")).exists():
            named = re.findall(r"import \w+ as (\w+)", stub.read_text("utf-8"))
            assert named and exported.keys() >= set(named), package
        # What `callbacks` exports, too, and the command line.
        if package in ("gankit.callbacks.doctor", "gankit.cli"):
            continue
        for name, value in exported.items():
            if not inspect.ismodule(value):
                own = {name: value}
            elif package == "gankit":  # whose modules have pages of their own
                continue
            else:
                own = {
                    f"{name}.{n}": part
                    for n, part in vars(value).items()
                    if n[0] != "_" and getattr(part, "__module__", "") == value.__name__
                }
            yield from ((package, n) for n, part in own.items() if callable(part))


def test_every_public_name_has_a_page(site):
    names = [*_public_names(), ("gankit.backend.device", "distribute")]
    assert len(names) > 400
    for package, name in names:
        listed = (site / f"api/{package}.html").read_text("utf-8")
        # What the package also exports itself is listed by its short name.
        short = name.rpartition(".")[2]
        link = re.search(
            rf'href="([^"#]+)"[^>]*><span[^>]*>(?:{re.escape(name)}|{short})</span>',
            listed,
        )
        assert link, (package, name)
        page = (site / "api" / link[1]).read_text("utf-8")
        assert re.search(rf'<dt [^>]*id="gankit[\w.]*\.{short}"', page), (package, name)


# Text whose contrast is below what WCAG 2.2 asks at level AA: 4.5, of large text 3.
FAINT_TEXT = """() => {
  const numbers = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const linear = (c) => c <= 10 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4;
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = numbers(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const both = [numbers(style.color), ground(element)].map(light);
    const ratio = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5))
      faint.add(`${texts.currentNode.data.trim().slice(0, 40)} ${ratio.toFixed(1)}`);
  }
  return [...faint];
}"""


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_browser_walks_through_it(site):
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    errors, elsewhere = [], []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.on("console", lambda m: m.type == "error" and errors.append(m.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "request",
            lambda r: r.url.startswith((address, "data:")) or elsewhere.append(r.url),
        )
        for place, words in {
            "index.html": "make demo",
            "lessons/01_dcgan.html": "WGAN-GP after",
            "howto/own_loss.html": "SoftHingeGAN",
            "api/gankit.layers.SpectralNormalization.html": "largest singular value",
            "gallery.html": "imperial/cgan-best",
            "troubleshooting.html": "discriminator_won",
        }.items():
            page.goto(address + place)
            text = page.inner_text("main")
            assert words in text, place
            # Buttons would fade from one scheme to the other while they are measured.
            page.add_style_tag(content="* { transition: none !important }")
            for scheme in ("dark", "light"):
                page.emulate_media(color_scheme=scheme)
                assert page.evaluate(FAINT_TEXT) == [], (scheme, place)
            page.set_viewport_size({"width": 390, "height": 844})
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= page.evaluate("innerWidth"), place
            page.set_viewport_size({"width": 1280, "height": 720})
        page.keyboard.press("Tab")
        focused = "document.activeElement"
        assert "Skip to main content" in page.evaluate(f"{focused}.innerText")
        page.keyboard.press("Control+k")
        page.keyboard.type("spectral")
        assert page.evaluate(f"{focused}.value") == "spectral"
        page.goto(address + "search.html?q=spectral")
        page.wait_for_selector("#search-results li a")
        assert "SpectralNormalization" in page.inner_text("#search-results")
        browser.close()
    server.shutdown()
    server.server_close()
    assert errors == [] and elsewhere == []
