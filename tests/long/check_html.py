"""Drive the plots' pages in a real browser: searching, hovering, zooming, and that nothing leaves.

    pip install "fastw2v[plot]" playwright && python tests/long/check_html.py [--browser chromium] [--pictures DIR]

It needs Chromium (``apt-get install chromium``, or any that ``--browser`` names). Each check prints
a line; the first that fails ends it.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from fastw2v import KeyedVectors, plot

HOSTILE = [
    "</script><b>bold</b>",
    "<img src=x onerror=alert(1)>",
    "<!--<script>",
    "{{data}}",
    "'\"&amp;&lt;",
    "javascript:alert(1)",
    "\u2028\u202e",
    "\ud800",
    "x" * 500,
    "",
    "日本語",
    "עברית",
    "👩‍👩‍👧",
]


def some_vectors(n=1000, d=20):
    """Words around 40 middles; word 17 is the only one called so."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(40, d))[np.arange(n) % 40] + 1.5 * random.normal(size=(n, d))
    keys = [f"word{i}" for i in range(n)]
    keys[17], keys[18] = "Needle", "needlework"
    return KeyedVectors(keys, rows.astype(np.float32), 10_000_000 // np.arange(1, n + 1))


class Checked:
    """A page in the browser, and everything that it asked for or complained of."""

    def __init__(self, browser, path, **options):
        self.context = browser.new_context(
            **{"viewport": {"width": 1200, "height": 800}, **options}
        )
        self.requests, self.complaints = [], []
        self.page = page = self.context.new_page()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append("dialog"), dialog.dismiss()))
        self.url = Path(path).as_uri()
        page.goto(self.url)
        page.wait_for_function("window.plot && document.getElementById('canvas').dataset.labels")
        self.settle()

    def settle(self):
        """Wait until what is due is drawn."""
        self.page.evaluate(
            "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"
        )

    def run(self, script, *arguments):
        return self.page.evaluate(script, list(arguments))

    def where(self, index):
        return self.run("([i]) => plot.screen(plot.words[i])", index)

    def labels(self):
        return int(self.page.get_attribute("#canvas", "data-labels"))

    def tip(self):
        return self.page.inner_text("#tip") if self.page.is_visible("#tip") else None

    def pixels(self):
        """How many different colours the canvas shows."""
        return self.run(
            "() => { const c = document.getElementById('canvas'); const seen = new Set();"
            "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
            "for (let i = 0; i < d.length; i += 4)"
            "  seen.add((d[i] << 16) + (d[i + 1] << 8) + d[i + 2]);"
            "return seen.size; }"
        )

    def close(self):
        assert self.requests == [self.url], self.requests
        assert self.complaints == [], self.complaints
        self.context.close()


def near(found, expected, within=1.5):
    assert np.allclose(found, expected, atol=within), (found, expected)


def isolated(checked):
    """The word whose point lies farthest from all others on the screen, away from the tools."""
    x, y = np.array(checked.run("() => plot.words.map(plot.screen)")).T
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(apart, np.inf)
    central = (x > 200) & (x < 1000) & (y > 200) & (y < 700)
    return int(np.argmax(np.where(central, apart.min(axis=1), -1)))


def check_drawing(checked, pictures):
    assert checked.pixels() > 50
    assert checked.labels() > 50
    checked.page.screenshot(path=pictures / "map.png")


def check_hovering(checked, pictures):
    index = isolated(checked)
    word = checked.run("([i]) => plot.words[i]", index)
    x, y = checked.where(index)
    checked.page.mouse.move(x + 3, y - 3)
    checked.settle()
    lines = checked.tip().split("\n")
    assert lines[0] == word["key"], lines
    assert lines[1] == f"{word['count']:,} occurrences", lines
    near_keys = checked.run("([i]) => plot.words[i].nearest.map(([j]) => plot.words[j].key)", index)
    assert [line.split("\t")[0] for line in lines[3:]] == near_keys, lines
    checked.page.screenshot(path=pictures / "hover.png")
    checked.page.mouse.move(2, 798)
    checked.settle()
    assert checked.tip() is None


def check_zooming(checked, pictures):
    page, index = checked.page, isolated(checked)
    start = checked.where(index)
    pointer = [round(start[0]), round(start[1])]
    under = "([x, y]) => [(x - plot.view.x) / plot.view.scale, (y - plot.view.y) / plot.view.scale]"
    place, scale = checked.run(under, *pointer), checked.run("() => plot.view.scale")
    page.mouse.move(*pointer)
    for _ in range(7):
        page.mouse.wheel(0, -200)
    checked.page.wait_for_function("s => plot.view.scale > 15 * s", arg=scale)
    checked.settle()
    near(checked.run(under, *pointer), place, 1e-9)  # what is under the pointer stays there
    x, y = checked.where(index)
    page.mouse.move(2, 798)
    checked.settle()
    page.screenshot(path=pictures / "zoomed.png")
    seen = checked.run(
        "() => plot.words.filter(w => { const [x, y] = plot.screen(w);"
        "return x > 0 && y > 0 && x < 1200 && y < 800; }).length"
    )
    assert checked.labels() > 0.8 * seen > 0, (checked.labels(), seen)
    page.mouse.move(600, 500)
    page.mouse.down()
    page.mouse.move(640, 470, steps=5)
    page.mouse.up()
    checked.settle()
    near(checked.where(index), [x + 40, y - 30])
    page.click("#out")
    page.click("#in")
    checked.settle()
    near(checked.where(index), [x + 40, y - 30])
    page.focus("#canvas")
    page.keyboard.press("ArrowLeft")
    near(checked.where(index), [x + 100, y - 30])
    page.keyboard.press("0")
    checked.settle()
    near(checked.where(index), start, 1e-6)
    near(checked.run("() => plot.view.scale"), scale, 1e-6)


def check_searching(checked, pictures):
    page = checked.page
    page.keyboard.press("/")
    page.keyboard.type("needle")
    found = page.locator("#found [role=option]")
    assert found.all_inner_texts() == ["Needle", "needlework"]
    checked.settle()
    page.screenshot(path=pictures / "search.png")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    checked.settle()
    near(checked.where(18), [600, 400])
    assert checked.tip().split("\n")[0] == "needlework"
    page.screenshot(path=pictures / "found.png")
    found.first.click()
    checked.settle()
    near(checked.where(17), [600, 400])
    page.fill("#search", "word1")
    assert page.inner_text("#found li:last-child").startswith("and ")
    assert found.first.inner_text() == "word1"
    page.fill("#search", "nothing of the kind")
    assert page.inner_text("#found") == "no such word here"
    page.focus("#search")
    page.keyboard.press("Escape")
    checked.settle()
    assert page.input_value("#search") == ""
    assert checked.tip() is None
    assert page.locator("#found li").count() == 0


def check_pinching(checked, pictures):
    """Two fingers, 100 pixels apart and then 200."""
    touch = checked.context.new_cdp_session(checked.page)
    before = checked.run("() => plot.view.scale")

    def send(kind, *points):
        at = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    send("touchStart", (150, 400))
    send("touchStart", (150, 400), (250, 400))
    for x in range(260, 360, 10):
        send("touchMove", (150, 400), (x, 400))
    send("touchEnd")
    checked.settle()
    near(checked.run("() => plot.view.scale") / before, 2, 0.05)
    checked.page.screenshot(path=pictures / "telephone.png")


def check_hostile_keys(checked, pictures):
    assert checked.page.locator("b, img").count() == 0
    shown = checked.run("() => plot.words.map(w => w.key)")
    for index, label in enumerate(shown):
        checked.run("([i]) => plot.goTo(plot.words[i])", index)
        checked.settle()
        found = checked.page.text_content("#tip strong")
        assert found == label, (found, label)
    assert "</script><b>bold</b>" in shown
    checked.page.fill("#search", "<")
    assert checked.page.locator("#found [role=option]").count() == 3
    assert checked.page.locator("b, img").count() == 0
    assert checked.page.evaluate("document.scripts.length") == 2
    checked.page.screenshot(path=pictures / "hostile.png")


def check_pixels(checked, pictures):
    assert checked.pixels() > 20
    checked.page.screenshot(path=pictures / f"{Path(checked.url).stem}.png")


def pages(folder):
    """Save one page of each kind."""
    vectors = some_vectors()
    random = np.random.default_rng(1)
    rows = random.normal(size=(len(HOSTILE), 5)).astype(np.float32)
    plots = {
        "map": plot.map(vectors, n=1000),
        "neighbors": plot.neighbors(vectors, "Needle"),
        "pairs": plot.analogies(vectors, [(f"word{i}", f"word{i + 40}") for i in range(8)]),
        "hostile": plot.map(KeyedVectors(HOSTILE, rows), method="pca"),
        "one": plot.map(KeyedVectors(["alone"], rows[:1])),
    }
    for name, shown in plots.items():
        shown.save(folder / f"{name}.html")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--browser", help="the browser's program (default: chromium, by name)")
    parser.add_argument("--pictures", type=Path, help="a folder for screenshots")
    arguments = parser.parse_args()
    names = [arguments.browser] if arguments.browser else ["chromium", "chromium-browser", "chrome"]
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        parser.error(f"no browser found: {', '.join(names)}")
    flags = ["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        folder = Path(folder)
        pictures = arguments.pictures or folder
        pictures.mkdir(exist_ok=True)
        pages(folder)
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        telephone = {
            "viewport": {"width": 390, "height": 800},
            "has_touch": True,
            "is_mobile": True,
        }
        dark = {"color_scheme": "dark", "device_scale_factor": 2}
        steps = [check_drawing, check_hovering, check_zooming, check_searching]
        for name, options, checks in (
            ("map", {}, steps),
            ("map", telephone, [check_pinching]),
            ("hostile", {}, [check_hostile_keys]),
            ("neighbors", dark, [check_pixels]),
            ("pairs", {}, [check_pixels]),
            ("one", {}, []),
        ):
            checked = Checked(browser, folder / f"{name}.html", **options)
            for check in checks:
                check(checked, pictures)
                print(f"{name}: {check.__name__} ok")
            checked.close()
            print(f"{name}: no request and no complaint")
        browser.close()


if __name__ == "__main__":
    main()
