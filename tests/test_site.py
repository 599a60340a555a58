"""The documentation's site: it builds without warnings, and one can walk through it."""

import functools
import http.server
import importlib
import re
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
    built = subprocess.run(
        [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going"]
        + ["--quiet", "-b", "html", str(folder / "docs"), str(folder / "html")],
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr[-3000:]
    return folder / "html"


class _Page(HTMLParser):
    """The links, anchors and pictures of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors, self.silent = [], set(), []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.add(attributes.get("id"))
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
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


def test_every_picture_has_alternative_text(pages):
    assert {path.name: page.silent for path, page in pages.items() if page.silent} == {}


def test_every_public_name_has_a_page(site):
    text = (site / "api/index.html").read_text("utf-8")
    stubs = [ROOT / "gankit/__init__.pyi", *sorted((ROOT / "gankit").glob("*/*.pyi"))]
    for stub in stubs:
        package = ".".join(stub.parent.relative_to(ROOT).parts)
        module = importlib.import_module(package)
        assert f"{package}.html" in text or package.count(".") == 0, package
        for name in re.findall(r"import \w+ as (\w+)", stub.read_text("utf-8")):
            value = getattr(module, name)
            if not callable(value):
                continue
            pages = [site / f"api/{package}.html", site / "api/gankit.html"]
            listed = "".join(page.read_text("utf-8") for page in pages if page.exists())
            assert re.search(rf"\b{name}\b", listed), (package, name)


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
        }.items():
            page.goto(address + place)
            text = page.inner_text("main")
            assert words in text, place
            # Buttons would fade from one scheme to the other while they are measured.
            page.add_style_tag(content="* { transition: none !important }")
            for scheme in ("dark", "light"):
                page.emulate_media(color_scheme=scheme)
                assert page.evaluate(FAINT_TEXT) == [], (scheme, place)
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
