"""``patch_gensim`` and ``python -m fastw2v.compat``, with gensim and without."""

import subprocess
import sys

import pytest

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


def test_without_gensim_there_is_nothing_else():
    done = run(
        HIDDEN + "import fastw2v.compat as c; c.patch_gensim(); from gensim.models import Doc2Vec",
        fails=True,
    )
    assert "ImportError: cannot import name 'Doc2Vec' from 'gensim.models'" in done.stderr


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
