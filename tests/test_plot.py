"""Plots: what they show against plain NumPy, labels that keep apart, files, and hostile keys."""

import io
import json
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fastw2v import EpochRecord, KeyedVectors, plot
from fastw2v.plot.labels import place
from fastw2v.plot.plots import label_of, nearest

CLASSES, A_CLASS = 6, 15
HOSTILE = [
    "</script><b>bold</b>",
    "<img src=x onerror=alert(1)>",
    "<!--<script>",
    "{{data}}",
    "{{title}}",
    "\"'&amp;&lt;",
    "$x_2$ and $\\frac",
    "two\nlines",
    "\u2028\u2029\u202e",
    "\ud800",
    "\0",
    "x" * 500,
    " ",
    "",
    "naïve",
    ("a", 1),
    None,
    -7,
]


def classes():
    """Words of six classes, whose vectors lie near the class's own, and their counts."""
    random = np.random.default_rng(0)
    middles = random.normal(size=(CLASSES, 20))
    noise = random.normal(size=(CLASSES * A_CLASS, 20))
    vectors = np.repeat(middles, A_CLASS, axis=0) + 0.3 * noise
    vectors *= random.uniform(0.5, 5, size=(len(vectors), 1))  # lengths must not matter
    keys = [f"class{i // A_CLASS}word{i}" for i in range(len(vectors))]
    return KeyedVectors(keys, vectors.astype(np.float32), np.arange(len(keys), 0, -1) ** 2)


@pytest.fixture(scope="module")
def vectors():
    return classes()


@pytest.fixture(scope="module")
def hostile():
    random = np.random.default_rng(1)
    vectors = random.normal(size=(len(HOSTILE), 5)).astype(np.float32)
    return KeyedVectors(HOSTILE, vectors, np.arange(len(HOSTILE), 0, -1))


# Maps


@pytest.mark.parametrize("seed", [None, 3])
def test_tsne_keeps_neighbours_together(vectors, seed):
    shown = plot.map(vectors, seed=seed)
    distances = np.linalg.norm(shown.points[:, None] - shown.points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    classes = np.array([key.split("word")[0] for key in shown.keys])
    assert (classes[distances.argmin(axis=1)] == classes).mean() > 0.97
    assert shown.note == "t-SNE, perplexity 30"


def test_tsne_repeats_itself(vectors):
    for seed, other in ((None, 1), (1, 2)):
        first, again, another = (
            plot.map(vectors, n=20, seed=s).points for s in (seed, seed, other)
        )
        np.testing.assert_array_equal(again, first)
        assert np.abs(another - first).max() > 0.1


def test_pca_is_the_covariances(vectors):
    shown = plot.map(vectors, method="pca")
    units = vectors.vectors / np.linalg.norm(vectors.vectors, axis=1, keepdims=True)
    values, directions = np.linalg.eigh(np.cov(units.T.astype(np.float64)))
    expected = (units - units.mean(axis=0)) @ directions[:, [-1, -2]]
    np.testing.assert_allclose(np.abs(shown.points), np.abs(expected), atol=1e-5)
    assert shown.note == f"PCA, {100 * values[-2:].sum() / values.sum():.0f} % of the variance"


def test_which_words_are_shown(vectors):
    assert plot.map(vectors, n=7, method="pca").keys == vectors.index_to_key[:7]
    counts = np.arange(len(vectors))  # the last is the most frequent
    backwards = KeyedVectors(vectors.index_to_key, vectors.vectors, counts)
    assert plot.map(backwards, n=7, method="pca").keys == vectors.index_to_key[:-8:-1]
    without_counts = KeyedVectors(vectors.index_to_key, vectors.vectors)
    assert plot.map(without_counts, n=7, method="pca").keys == vectors.index_to_key[:7]
    some = ["class3word50", "class0word3", "class3word50"]
    shown = plot.map(vectors, iter(some), method="pca")
    assert shown.keys == ["class0word3", "class3word50"]  # once each, the frequent one first
    assert shown.counts.tolist() == [87**2, 40**2]
    assert plot.map(vectors, method="pca").title == "All words"
    assert plot.map(vectors, n=7, method="pca").title == "The 7 most frequent words"


@pytest.mark.parametrize("method", ["tsne", "pca"])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("value", [0, 1])
def test_degenerate_vectors(method, n, d, value):
    same = KeyedVectors(range(n), np.full((n, d), value, np.float32))
    shown = plot.map(same, method=method)
    assert shown.points.shape == (n, 2)
    assert np.isfinite(shown.points).all()
    shown.figure()
    shown.html()


@given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 2**32))
@settings(deadline=None, max_examples=30)
def test_nearest(n, d, seed):
    units = np.random.default_rng(seed).normal(size=(n, d))
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    for i, found in enumerate(nearest(units)):
        others = [j for j in range(n) if j != i]
        expected = sorted((float(units[i] @ units[j]) for j in others), reverse=True)[:8]
        np.testing.assert_allclose([cosine for _, cosine in found], expected, atol=1e-5)
        assert i not in [j for j, _ in found]
        for j, cosine in found:
            assert units[i] @ units[j] == pytest.approx(cosine, abs=1e-5)


def test_nearest_in_chunks(monkeypatch, vectors):
    whole = plot.map(vectors, method="pca").nearest
    monkeypatch.setattr("fastw2v.plot.plots.CHUNK", 3 * len(vectors))
    assert plot.map(vectors, method="pca").nearest == whole


# Neighbours and pairs


def test_neighbors(vectors):
    key = "class2word33"
    shown = plot.neighbors(vectors, key, topn=20)
    expected = vectors.most_similar(key, topn=20)
    assert shown.keys == [key, *(near for near, _ in expected)]
    distances = np.linalg.norm(shown.points, axis=1)
    np.testing.assert_allclose(np.cos(distances[1:]), [cosine for _, cosine in expected], atol=1e-5)
    assert distances[0] == 0
    assert shown.groups.tolist() == [1] + 20 * [0]
    assert 1 <= len(shown.rings) <= 5
    angles = np.arctan2(shown.points[1:, 1], shown.points[1:, 0])
    for ring in shown.rings:
        away = np.abs(np.exp(1j * angles) - np.exp(1j * ring.angle)).min()
        assert away >= 2 * np.sin(np.pi / len(angles) / 2) - 1e-9  # half of the widest gap
        assert np.cos(ring.radius) == pytest.approx(float(ring.label), abs=1e-9)
    assert max(ring.radius for ring in shown.rings) >= distances[-1]


def test_neighbors_in_the_same_direction_are_similar():
    random = np.random.default_rng(0)
    middle, one, other = np.eye(10)[:3]
    rows = [middle]
    rows += [middle + 0.5 * side + 0.03 * random.normal(size=10) for side in [one, other] * 5]
    shown = plot.neighbors(KeyedVectors(range(11), np.array(rows, np.float32)), 0)
    of_one = np.array([key % 2 for key in shown.keys[1:]], bool)
    directions = shown.points[1:] / np.linalg.norm(shown.points[1:], axis=1, keepdims=True)
    assert (directions[of_one] @ directions[of_one].T).min() > 0.9
    assert (directions[of_one] @ directions[~of_one].T).max() < 0.5


@pytest.mark.parametrize("factor", [1.0, -1.0])
def test_neighbors_in_the_same_place(factor):
    rows = np.array([[1, 0], [2, 0], [factor, 0]], np.float32)
    shown = plot.neighbors(KeyedVectors("abc", rows), "a")
    assert np.isfinite(shown.points).all()
    shown.figure()


def test_analogies():
    random = np.random.default_rng(0)
    firsts = random.normal(size=30) + 0.3 * random.normal(size=(4, 30))
    step = random.normal(size=30)
    rows = np.vstack([firsts, firsts + step]).astype(np.float32)
    vectors = KeyedVectors("abcdABCD", rows, np.arange(8, 0, -1))
    shown = plot.analogies(vectors, [(key, key.upper()) for key in "abcd"])
    assert shown.keys == list("abcdABCD")
    assert shown.groups.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert [(shown.keys[i], shown.keys[j]) for i, j in shown.arrows] == list(
        zip("abcd", "ABCD", strict=True)
    )
    steps = np.array([shown.points[j] - shown.points[i] for i, j in shown.arrows])
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    assert (steps @ steps.T).min() > 0.9
    chain = plot.analogies(vectors, [("b", "A"), ("A", "a"), ["b", "A"]])
    assert chain.keys == ["a", "b", "A"]
    assert chain.arrows == [(1, 2), (2, 0), (1, 2)]


# Labels


boxes = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        arrays(float, (n, 2), elements=st.floats(0, 200)),
        arrays(float, (n, 2), elements=st.floats(1, 60)),
        arrays(float, n, elements=st.floats(0, 5)),
    )
)


@given(boxes)
@settings(deadline=None)
def test_labels_keep_apart(given):
    points, sizes, gaps = given
    fixed = np.array([[90.0, 90, 110, 110]])
    centers = place(points, sizes, gaps, (200, 150), fixed=fixed)
    placed = ~np.isnan(centers[:, 0])
    low, high = (centers - sizes / 2)[placed], (centers + sizes / 2)[placed]
    assert (low >= 0).all()
    assert (high <= (200, 150)).all()
    low, high = np.vstack([low, fixed[:, :2]]), np.vstack([high, fixed[:, 2:]])
    for i in range(len(low)):
        others = np.arange(len(low)) != i
        apart = (low[others] >= high[i]) | (high[others] <= low[i])
        assert apart.any(axis=1).all()
    # Beside its own point, never on it.
    for point, center, size in zip(points[placed], centers[placed], sizes[placed], strict=True):
        assert (np.abs(center - point) >= size / 2).any()
        assert (np.abs(center - point) <= size / 2 + 7).all()


def test_labels_of_the_first_words_are_placed_first():
    points = np.tile([[100.0, 75.0]], (30, 1))
    sizes = np.tile([[40.0, 10.0]], (30, 1))
    centers = place(points, sizes, np.full(30, 2.0), (200, 150))
    placed = ~np.isnan(centers[:, 0])
    assert placed[0]
    assert not placed[-1]
    assert (np.diff(placed.astype(int)) <= 0).all()
    np.testing.assert_allclose(centers[0], [100 + 20 + 2 + 1, 75])


def test_a_label_goes_where_it_covers_no_point():
    points = np.array([[100.0, 75.0], [125.0, 75.0], [130.0, 76.0]])
    centers = place(points[:1], np.array([[40.0, 10.0]]), np.array([2.0]), (200, 150))
    assert centers[0, 0] > 100
    sizes = np.array([[40.0, 10.0], [1.0, 1.0], [1.0, 1.0]])
    centers = place(points, sizes, np.full(3, 2.0), (200, 150))
    assert centers[0, 0] < 100
    line = np.column_stack([np.linspace(0, 100, 50), np.full(50, 75)])
    centers = place(points, sizes, np.full(3, 2.0), (200, 150), lines=line)
    assert abs(centers[0, 0] - 100) < 1  # above or below, as the line is on the left


# Figures


def shown_texts(figure):
    """Return the texts of a figure that lie in the plot, with their boxes in pixels."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    return {
        t.get_text(): t.get_window_extent(renderer) for t in figure.axes[0].texts if t.get_text()
    }


def test_a_figure_has_every_point_and_labels_apart(vectors):
    shown = plot.map(vectors)
    figure = shown.figure()
    assert type(figure) is Figure
    assert len(figure.axes[0].collections[0].get_offsets()) == len(vectors)
    texts = shown_texts(figure)
    assert len(texts) > 0.3 * len(vectors)
    assert set(texts) <= {*shown.keys, shown.title, shown.note}
    assert shown.keys[0] in texts
    found = list(texts.values())
    for i, one in enumerate(found):
        assert not any(one.overlaps(other) for other in found[:i])


def test_a_figure_of_hostile_keys(hostile):
    shown = plot.map(hostile, method="pca")
    texts = shown_texts(shown.figure())
    assert set(texts) <= {*shown.labels, shown.title, shown.note}
    assert "$x_2$ and $\\frac" in shown.labels
    plot.neighbors(hostile, "$x_2$ and $\\frac").figure().savefig(io.BytesIO())


def test_fonts(monkeypatch, caplog):
    keys = ["plain", "naïve", "Ωмега", "日本語", "ไทย", "हिन्दी", "עברית"]
    vectors = KeyedVectors(keys, np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32))
    plot.map(vectors, method="pca").figure().savefig(io.BytesIO())  # no warning, whatever is here
    caplog.clear()
    monkeypatch.setattr("matplotlib.font_manager.fontManager.ttflist", [])
    figure = plot.map(vectors, method="pca").figure()
    figure.savefig(io.BytesIO())
    written = {text.get_text() for text in figure.axes[0].texts}
    assert {"plain", "naïve", "Ωмега", "□□□"} <= written
    assert "no installed font has" in caplog.text


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("word", "word"),
        ("naïve 日本", "naïve 日本"),
        ("a\nb\t\0\ud800\u2028", "a\\nb\\t\\x00\\ud800\\u2028"),
        ("\u0645\u06cc\u200c\u0634\u0648\u062f", "\u0645\u06cc\u200c\u0634\u0648\u062f"),
        ("", "''"),
        ("  ", "'  '"),
        (7, "7"),
        (None, "None"),
        (("a", 1), "('a', 1)"),
        ("x" * 41, "x" * 39 + "…"),
    ],
)
def test_labels_of_keys(key, label):
    assert label_of(key) == label


def test_history():
    records = [EpochRecord(i, 3.0 / (i + 1), 10, 100, 1.5, 0.03 - 0.01 * i) for i in range(3)]
    figure = plot.history(records).figure()
    loss, rate = (axes.lines[0].get_xydata() for axes in figure.axes)
    np.testing.assert_allclose(loss, [[1, 3.0], [2, 1.5], [3, 1.0]])
    np.testing.assert_allclose(rate, [[1, 0.03], [2, 0.02], [3, 0.01]])
    nothing_learned = [EpochRecord(0, float("nan"), 0, 100, 1.5, 0.01)]
    plot.history(nothing_learned).figure().savefig(io.BytesIO())


def test_history_with_a_validation_loss():
    records = [EpochRecord(i, 3.0 - i, 9, 100, 1.5, 0.01, 4.0 - i if i else None) for i in range(3)]
    top, _ = plot.history(records).figure().axes
    training, validation = (line.get_ydata() for line in top.lines)
    np.testing.assert_allclose(training, [3, 2, 1])
    np.testing.assert_allclose(validation, [np.nan, 3, 2])
    assert [text.get_text() for text in top.get_legend().get_texts()] == ["training", "validation"]


# Files


@pytest.mark.parametrize(
    ("ending", "begins"),
    [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".PDF", b"%PDF"), (".html", b"<!DOCTYPE html>")],
)
def test_saving(tmp_path, vectors, ending, begins):
    path = tmp_path / f"map{ending}"
    path.write_bytes(b"before")
    plot.map(vectors, method="pca").save(path)
    assert path.read_bytes().startswith(begins)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_what_is_not_saved(tmp_path, vectors, monkeypatch):
    shown = plot.map(vectors, method="pca")
    with pytest.raises(ValueError, match=r"saved as \.png, \.svg, \.pdf, \.html, by the file's"):
        shown.save(tmp_path / "map.jpg")
    record = EpochRecord(0, 1.0, 1, 1, 1.0, 0.1)
    with pytest.raises(ValueError, match=r"saved as \.png, \.svg, \.pdf, by"):
        plot.history([record]).save(str(tmp_path / "history.html"))
    with pytest.raises(FileNotFoundError, match="no folder"):
        shown.save(tmp_path / "nowhere" / "map.png")

    def fail(_):
        raise RuntimeError("midway")

    (tmp_path / "map.html").write_text("before")
    monkeypatch.setattr("fastw2v.plot.page.word_page", fail)
    with pytest.raises(RuntimeError, match="midway"):
        shown.save(tmp_path / "map.html")
    assert (tmp_path / "map.html").read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


def test_notebooks(vectors):
    assert plot.map(vectors, n=5, method="pca")._repr_png_().startswith(b"\x89PNG")


# The page


class Page(HTMLParser):
    """Collects elements, with the text of each, and the addresses that they name."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.addresses = [], {}, []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action")]
        self.texts[len(self.tags) - 1] = ""

    def handle_data(self, data):
        if self.tags:
            self.texts[len(self.tags) - 1] += data


def test_the_page_holds_the_plot(vectors):
    shown = plot.neighbors(vectors, "class2word33")
    page = Page(shown.html())
    assert page.addresses == ["data:,"]  # an empty icon: nothing is loaded
    data = json.loads(page.texts[page.tags.index("script")])
    assert data["keys"] == shown.keys
    assert data["counts"] == shown.counts.tolist()
    assert data["groups"] == shown.groups.tolist()
    x, y = np.array(data["x"]), np.array(data["y"])
    scale = np.linalg.norm(shown.points[1]) / np.hypot(x[1], y[1])
    np.testing.assert_allclose(scale * np.column_stack([x, y]), shown.points, atol=1e-4)
    assert [label for _, label, _ in data["rings"]] == [ring.label for ring in shown.rings]
    assert scale * data["rings"][0][0] == pytest.approx(shown.rings[0].radius, abs=1e-4)
    assert [i for i, _ in data["nearest"][0]] == [i for i, _ in shown.nearest[0]]
    pairs = plot.analogies(vectors, [("class0word1", "class1word20")])
    page = Page(pairs.html())
    assert json.loads(page.texts[page.tags.index("script")])["arrows"] == [[0, 1]]


def test_keys_do_a_page_no_harm(vectors, hostile):
    tags = Page(plot.neighbors(vectors, "class2word33").html()).tags
    for key in HOSTILE:
        shown = plot.neighbors(hostile, key)
        page = Page(shown.html())
        assert page.tags == tags
        data = json.loads(page.texts[page.tags.index("script")])
        assert data["keys"] == shown.labels
        assert data["title"] == shown.title == page.texts[page.tags.index("title")].strip()
        shown.html().encode()  # no lone surrogate is left


# What is refused


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda v: plot.map(v, ["class0word0", "x"]), KeyError, "the key 'x' is not in"),
        (lambda v: plot.map(v, "class0word0"), TypeError, "keys must be a list of keys"),
        (lambda v: plot.map(v, []), ValueError, "keys is empty"),
        (lambda v: plot.map(v.vectors), TypeError, "vectors must be KeyedVectors, such as"),
        (lambda v: plot.neighbors([], "a"), TypeError, "vectors must be KeyedVectors, such as"),
        (lambda v: plot.analogies({}, []), TypeError, "vectors must be KeyedVectors, such as"),
        (lambda v: plot.map(v, n=0), ValueError, "n must be at least 1"),
        (lambda v: plot.map(v, method="umap"), ValueError, "method must be one of 'tsne', 'pca'"),
        (lambda v: plot.map(v, method="pca", seed=1), ValueError, "seed is for method='tsne'"),
        (lambda v: plot.map(v, seed=-1), ValueError, "seed must be from 0"),
        (lambda v: plot.neighbors(v, "x"), KeyError, "the key 'x'"),
        (lambda v: plot.neighbors(v, "class0word0", topn=0), ValueError, "topn must be at least 1"),
        (lambda v: plot.analogies(v, []), ValueError, "no pairs"),
        (lambda v: plot.analogies(v, [("class0word0", "x")]), KeyError, "the key 'x'"),
        (lambda v: plot.analogies(v, ["ab"]), TypeError, "pair 0 must be two keys"),
        (lambda v: plot.analogies(v, [("a", "b", "c")]), TypeError, "pair 0 must be two keys"),
        (lambda v: plot.history([]), ValueError, "train first"),
        (lambda v: plot.history(5), TypeError, "history must be"),
        (lambda v: plot.history([1.0]), TypeError, "history must hold EpochRecord"),
    ],
)
def test_refusals(vectors, call, error, message):
    with pytest.raises(error, match=message):
        call(vectors)


def test_vectors_that_cannot_be_shown():
    rows = np.ones((3, 2), np.float32)
    rows[1] = np.nan
    with pytest.raises(ValueError, match="the vector of 'b' has a value that is not finite"):
        plot.map(KeyedVectors("abc", rows))
    with pytest.raises(ValueError, match="no vectors to show"):
        plot.map(KeyedVectors([], np.empty((0, 2), np.float32)))
    with pytest.raises(ValueError, match="'a' is the only key"):
        plot.neighbors(KeyedVectors("a", rows[:1]), "a")
    rows[:] = [[0, 0], [1, 0], [0, 1]]
    with pytest.raises(ValueError, match="the vector of 'a' is zero"):
        plot.neighbors(KeyedVectors("abc", rows), "a")


def run(code):
    command = [sys.executable, "-W", "error", "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return result.stdout


def test_what_is_missing_is_named():
    out = run(
        "import sys; sys.modules['matplotlib'] = sys.modules['sklearn'] = None\n"
        "import numpy as np\n"
        "from fastw2v import KeyedVectors, plot\n"
        "vectors = KeyedVectors(range(9), np.eye(9, dtype=np.float32))\n"
        "shown = plot.map(vectors, method='pca')\n"
        "print(shown.html()[:9])\n"
        "for call in (shown.figure, lambda: plot.map(vectors)):\n"
        "    try: call()\n"
        "    except ImportError as error: print(error)\n"
    )
    page, figure, tsne = out.splitlines()
    assert page == "<!DOCTYPE"
    assert "matplotlib" in figure
    assert "pip install 'fastw2v[plot]'" in figure
    assert "scikit-learn" in tsne
    assert "pip install 'fastw2v[plot]'" in tsne


def test_pyplot_is_left_alone():
    out = run(
        "import sys\n"
        "import numpy as np\n"
        "from fastw2v import KeyedVectors, plot\n"
        "print('matplotlib' in sys.modules, 'sklearn' in sys.modules)\n"
        "vectors = KeyedVectors(range(9), np.eye(9, dtype=np.float32))\n"
        "plot.map(vectors, method='pca')._repr_png_()\n"
        "print('matplotlib.pyplot' in sys.modules)\n"
    )
    assert out.split() == ["False", "False", "False"]
