"""``patch_gensim`` and ``python -m fastw2v.compat``, with gensim and without."""

import os
import subprocess
import sys

import pytest

from fastw2v.compat.stand_in import simple_preprocess

NAMES = """
from gensim.models import Word2Vec, KeyedVectors, Phrases
from gensim.models.word2vec import LineSentence, PathLineSentences, Text8Corpus
from gensim.models.callbacks import CallbackAny2Vec
import gensim.models.keyedvectors
import gensim
import fastw2v.compat as ours
assert gensim.models.Word2Vec is gensim.models.word2vec.Word2Vec is Word2Vec is ours.Word2Vec
assert gensim.models.keyedvectors.KeyedVectors is KeyedVectors is ours.KeyedVectors
assert LineSentence is ours.LineSentence and Text8Corpus is ours.Text8Corpus
assert PathLineSentences is ours.PathLineSentences and CallbackAny2Vec is ours.CallbackAny2Vec
assert gensim.models.phrases.Phrases is Phrases is ours.Phrases
"""
# Where gensim is installed, as if it were not.
HIDDEN = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "gensim":
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Hide())
"""


def run(code, *, fails=False):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert fails or done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("hidden", [False, True], ids=["with", "without"])
def test_names_are_ours(hidden):
    if not hidden:
        pytest.importorskip("gensim")
    patch = "from fastw2v.compat import patch_gensim, unpatch_gensim; patch_gensim()\n"
    run((HIDDEN if hidden else "") + patch + "patch_gensim()" + NAMES)


def test_they_are_taken_back():
    pytest.importorskip("gensim")
    run("""
import gensim.models, sys
from gensim.models import word2vec, phrases, callbacks, keyedvectors
modules = gensim.models, word2vec, phrases, callbacks, keyedvectors
before = [dict(vars(module)) for module in modules]
from fastw2v.compat import patch_gensim, unpatch_gensim, Word2Vec
for _ in range(2):
    patch_gensim()
    assert gensim.models.Word2Vec is Word2Vec
    unpatch_gensim()
    unpatch_gensim()
    assert [dict(vars(module)) for module in modules] == before
""")


def test_gensims_other_models_stay_what_they_are(tmp_path):
    """FastText and Doc2Vec stand on gensim's Word2Vec, whose code asks its module for names."""
    pytest.importorskip("gensim")
    run(f"""
from fastw2v.compat import patch_gensim
patch_gensim()
from gensim.models import Doc2Vec, FastText
from gensim.models.doc2vec import TaggedDocument
sentences = [["a", "b", "c"], ["b", "c"]] * 20
options = dict(vector_size=4, min_count=1, workers=1, epochs=1)
model = FastText(sentences, **options)
model.save({str(tmp_path / "m")!r})
assert (FastText.load({str(tmp_path / "m")!r}).wv.vectors == model.wv.vectors).all()
tagged = [TaggedDocument(words, [i]) for i, words in enumerate(sentences)]
model = Doc2Vec(tagged, dm_concat=1, **options)
assert type(model.wv).__module__ == "gensim.models.keyedvectors"
""")


def test_what_gensim_pickled_is_converted_while_patched(tmp_path):
    """By the recipe in the message."""
    pytest.importorskip("gensim")
    run(f"""
import gensim, os, re
os.chdir({str(tmp_path)!r})
gensim.models.Word2Vec([["a", "b"]] * 20, vector_size=4, min_count=1).save("m")
gensim.models.Phrases([["a", "b"]] * 20).save("p")
gensim.models.Word2Vec.load("m").wv.save("kv")
import fastw2v.compat
from fastw2v.compat.phrases import Phraser
fastw2v.compat.patch_gensim()
for cls, path in (
    (gensim.models.Word2Vec, "m"), (gensim.models.KeyedVectors, "kv"),
    (gensim.models.Phrases, "p"), (Phraser, "p"),
):
    try:
        cls.load(path)
    except ValueError as error:
        message = str(error)
    assert message.startswith(f"{{path}} is a pickle, such as gensim's save makes"), message
    assert ("unpatch_gensim()" in message) == (path != "p"), message
    if path == "p":
        assert "count the sentences anew" in message
        continue
    recipe = re.search("first (.*?), then (.*)$", message)
    exec(recipe[1])
    path = repr(path)
    exec(recipe[2].replace("(path)", f"({{path}})").replace("...", "'converted'"))
    fastw2v.compat.patch_gensim()
    assert len(cls.load("converted").__dict__) and type(cls.load("converted")) is cls
    fastw2v.compat.unpatch_gensim()
    fastw2v.compat.patch_gensim()
""")


def test_modules_are_taken_back():
    run(
        HIDDEN
        + """
from fastw2v.compat import patch_gensim, unpatch_gensim
before = set(sys.modules)
for _ in range(2):
    patch_gensim()
    import gensim.models.word2vec
    unpatch_gensim()
    assert not any(name.partition(".")[0] == "gensim" for name in sys.modules)
try:
    import gensim
except ModuleNotFoundError:
    pass
else:
    raise AssertionError
"""
    )


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("from gensim.models import Doc2Vec", "gensim.models.Doc2Vec"),
        ("from gensim import corpora", "gensim.corpora"),
        ("import gensim.corpora.dictionary", "gensim.corpora"),
        ("import gensim; gensim.corpora.Dictionary", "gensim.corpora"),
        ("from gensim.test.utils import common_texts", "gensim.test"),
    ],
)
def test_without_gensim_what_is_missing_is_said(code, name):
    done = run(HIDDEN + "import fastw2v.compat as c; c.patch_gensim()\n" + code, fails=True)
    message = done.stderr.splitlines()[-1]
    assert message.startswith(("ModuleNotFoundError: ", "AttributeError: "))
    assert f"there is no {name}: fastw2v stands in for gensim, which is not installed" in message


def test_without_gensim_it_looks_like_gensim():
    run(
        HIDDEN
        + """
import importlib.util
from fastw2v.compat import patch_gensim, unpatch_gensim
patch_gensim()
import gensim, gensim.utils
from gensim.utils import simple_preprocess
assert gensim.__version__ == "4.4.0"
assert (gensim.utils.RULE_DEFAULT, gensim.utils.RULE_DISCARD, gensim.utils.RULE_KEEP) == (0, 1, 2)
assert not hasattr(gensim.models, "FastText")
assert importlib.util.find_spec("gensim.models") is gensim.models.__spec__
unpatch_gensim()
assert importlib.util.find_spec("json").name == "json"
try:
    import gensim.corpora
except ModuleNotFoundError as error:
    assert "stands in" not in str(error)
else:
    raise AssertionError
"""
    )


TEXT = "The Café's 2 waiters, a_b _c x1y ÉCLAIR supercalifragilistic I 東京 don't"


@pytest.mark.parametrize("options", [{}, {"deacc": True}, {"min_len": 1, "max_len": 5}])
def test_simple_preprocess_is_gensims(options):
    found = simple_preprocess(TEXT, **options)
    assert found[0] == "the"
    utils = pytest.importorskip("gensim.utils")
    for text in (TEXT, TEXT.encode()):
        assert simple_preprocess(text, **options) == utils.simple_preprocess(text, **options)


POOL = """
import multiprocessing, sys
from gensim.models import Word2Vec

def where(_):
    from gensim.models import Word2Vec as inner
    return Word2Vec.__module__, inner.__module__

if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
        print(set(pool.map(where, range(2))))
"""


@pytest.mark.parametrize("hidden", [False, True], ids=["with", "without"])
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_of_multiprocessing_are_patched(tmp_path, method, hidden):
    (tmp_path / "script.py").write_text(POOL)
    environment = dict(os.environ)
    if hidden:  # from the children, too
        (tmp_path / "sitecustomize.py").write_text(HIDDEN)
        paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
    else:
        pytest.importorskip("gensim")
    command = [sys.executable, "-m", "fastw2v.compat", "script.py", method]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "{('fastw2v.compat.word2vec', 'fastw2v.compat.word2vec')}\n"


SCRIPT = """
import sys
from gensim.models import Word2Vec
import neighbour
model = Word2Vec([["a", "b", "c"]] * 20, vector_size=4, min_count=1)
if __name__ == "__main__":
    print(Word2Vec.__module__, len(model.wv), sys.argv[1:], neighbour.NAME)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "neighbour.py").write_text("NAME = 'neighbour'")
    return tmp_path


@pytest.mark.parametrize(
    "arguments", [["script.py"], ["-m", "script"], ["-c", SCRIPT]], ids=["path", "module", "code"]
)
def test_scripts(folder, arguments):
    command = [sys.executable, "-m", "fastw2v.compat", *arguments, "one", "--two"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "fastw2v.compat.word2vec 3 ['one', '--two'] neighbour\n"


@pytest.mark.parametrize(("arguments", "status"), [([], 2), (["-m"], 2), (["--help"], 0)])
def test_usage(arguments, status):
    command = [sys.executable, "-m", "fastw2v.compat", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == status
    assert "usage: python -m fastw2v.compat" in (done.stderr if status else done.stdout)
