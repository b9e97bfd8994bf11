"""The demonstration: word vectors from the text that every Python carries.

The standard library's own sources hold over a million words of prose (docstrings, comments,
messages) and of names. ``run_demo`` reads them, trains on them, shows what came of it and saves
the vectors: a complete job that needs no network and no data.
"""

from __future__ import annotations

import os
import re
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

from fastw2v import Model
from fastw2v.formats.files import check_writable
from fastw2v.resources import available_cores

TELLING_WORDS = (
    *("width", "left", "row", "red", "min", "greater"),
    *("read", "start", "encode", "bytes", "float"),
    *("first", "one", "hours", "parent"),
    *("client", "thread", "http", "xml"),
)

# Tests are left out: many installations lack them, and they add more noise than words.
_SKIPPED_FOLDERS = {
    *("site-packages", "dist-packages", "__pycache__"),
    *("test", "tests", "idle_test"),
}
_SKIPPED_FILES = "_sysconfigdata"  # the build's settings, different on every machine

_COMMENT_OR_STRING = re.compile(
    r"""
    (?P<comment> \#[^\n]* (?: \n[ \t]*\#[^\n]* )* )  # a run of comment lines is one text
    | \"\"\"(?P<double3> [^"\\]* (?: (?: \\. | "(?!"") ) [^"\\]* )* )\"\"\"
    | '''   (?P<single3> [^'\\]* (?: (?: \\. | '(?!'') ) [^'\\]* )* )'''
    | "     (?P<double>  [^"\\\n]* (?: \\. [^"\\\n]* )* )"
    | '     (?P<single>  [^'\\\n]* (?: \\. [^'\\\n]* )* )'
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x\w{2}|u\w{4}|U\w{8}|[0-7]{1,3}|.)", re.DOTALL)
_SENTENCE_END = re.compile(
    r"""
    [.!?:;]['")\]]*\s  # punctuation at the end of a word
    | \n[ \t\#]*(?= \n | [-*+][ ] )  # a blank line, a list's next item
    | ^[ \t\#]*(?: >>> | \.\.\.[ ] )  # a doctest's prompt
    """,
    re.VERBOSE | re.MULTILINE,
)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_NUMBER_OR_WORD = re.compile(r"\b[0-9]\w*|([A-Z]?[a-z]+(?:'t\b)?|[A-Z]+(?![a-z]))")


class StandardLibrary:
    """The sentences of the Python sources in a folder, in the same order every time.

    Attributes
    ----------
    folder : Path
        Where the sources are.
    files : int
        How many files the latest iteration has read so far.
    skipped : int
        How many it could not read: no access, or not UTF-8.

    Parameters
    ----------
    folder
        None stands for the standard library of the running Python.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = Path(sysconfig.get_paths()["stdlib"] if folder is None else folder)
        self.files = self.skipped = 0

    def __iter__(self) -> Iterator[list[str]]:
        """Read the files, one after the other."""
        self.files = self.skipped = 0
        for path in _python_files(self.folder):
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                self.skipped += 1
            else:
                self.files += 1
                yield from source_sentences(text)


def source_sentences(text: str) -> Iterator[list[str]]:
    r"""Yield the sentences of a Python source: those of its prose, then those of its names.

    Docstrings, comments and messages are prose. The rest of the code counts as one sentence from
    blank line to blank line.

    Examples
    --------
    >>> list(source_sentences("def openFile(name):  # Read it all. Twice?\n    return name"))
    [['read', 'it', 'all'], ['def', 'open', 'file', 'name', 'return', 'name']]
    """
    prose, code = _prose_and_code(text)
    parts = [part for piece in prose for part in _SENTENCE_END.split(piece)]
    for part in parts + _BLANK_LINE.split(code):
        sentence = split_words(part)
        if len(sentence) > 1:
            yield sentence


def split_words(text: str) -> list[str]:
    """Return the words of prose or code, lower-cased, without numbers and single letters.

    Examples
    --------
    >>> split_words("HTTPServer.max_line2 = 0xFF  don't")
    ['http', 'server', 'max', 'line', "don't"]
    """
    return [word.lower() for word in _NUMBER_OR_WORD.findall(text) if len(word) > 1]


def run_demo(
    output: str | os.PathLike[str],
    *,
    workers: int | None = None,
    seed: int = 1,
    folder: str | os.PathLike[str] | None = None,
    least_words: int = 100_000,
) -> Model:
    """Train on the standard library's text, print what came of it and save the model.

    Parameters
    ----------
    output
        The file to write.
    workers
        How many threads train; None takes every core.
    seed
        The seed of the training.
    folder
        Python sources to read instead of the standard library.
    least_words
        Fewer words than this are an error.

    Raises
    ------
    OSError
        If the output cannot be written; noticed before the training.
    ValueError
        If too few words are found, or a setting is out of its range.
    """
    output = Path(output)
    check_writable(output)
    start = time.perf_counter()
    # A small text wants many epochs, and no rare words: their vectors are mostly noise.
    model = Model(window=8, min_count=20, epochs=10, workers=workers, seed=seed)
    sentences = _read(StandardLibrary(folder), least_words)
    _print(f"Training in {model.workers or available_cores()} threads ...")
    model.train(sentences)
    _print_training(model)
    _print_neighbours(model)
    model.save(output)
    _print(f"\nSaved in {output} after {time.perf_counter() - start:.0f} s in all; to load it:")
    _print(f"  fastw2v.KeyedVectors.load({str(output)!r})")
    return model


def _python_files(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - _SKIPPED_FOLDERS)
        for name in sorted(files):
            if name.endswith(".py") and not name.startswith(_SKIPPED_FILES):
                yield Path(parent, name)


def _prose_and_code(text: str) -> tuple[list[str], str]:
    prose: list[str] = []
    code: list[str] = []
    position = 0
    in_message = False  # adjacent strings are one message
    for match in _COMMENT_OR_STRING.finditer(text):
        gap = text[position : match.start()]
        position = match.end()
        code.append(gap)
        kind, content = match.lastgroup, match[match.lastindex or 0]
        if kind == "comment":
            prose.append(content)
            in_message = False
            continue
        if "\\" in content:
            content = _ESCAPE.sub(_unescaped, content)
        if kind in ("double3", "single3"):
            prose.append(content)
            in_message = False
        elif in_message and not gap.strip():
            prose[-1] += content
        elif in_message := content.count(" ") >= 3:
            prose.append(content)
        else:
            code.append(f" {content} ")
    code.append(text[position:])
    return prose, "".join(code)


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[0] == r"\n" else " "


def _read(library: StandardLibrary, least_words: int) -> list[list[str]]:
    _print(f"Reading the Python sources in {library.folder} ...")
    start = time.perf_counter()
    sentences = list(library)
    seconds = time.perf_counter() - start
    words = sum(map(len, sentences))
    if words < least_words:
        raise ValueError(
            f"found {words:,} words in {library.folder}, and the demo needs {least_words:,}: "
            "install the sources (.py files) of Python's standard library, "
            "or train on a text file of your own with fastw2v.Model"
        )
    distinct = len(set().union(*sentences))
    skipped = f" ({library.skipped} unreadable)" if library.skipped else ""
    _print(
        f"Read {library.files:,} files{skipped}, {len(sentences):,} sentences, {words:,} words, "
        f"{distinct:,} distinct, in {seconds:.1f} s."
    )
    return sentences


def _print_training(model: Model) -> None:
    for epoch in model.history:
        _print(f"  epoch {epoch.epoch + 1:2}   loss {epoch.loss:.4f}   {epoch.seconds:.1f} s")
    words = sum(epoch.tokens for epoch in model.history)
    seconds = sum(epoch.seconds for epoch in model.history)
    _print(
        f"Trained on {words:,} words in {seconds:.1f} s: {words / seconds:,.0f} words/s, "
        f"for vectors of {len(model.wv):,} words."
    )


def _print_neighbours(model: Model) -> None:
    _print("\nNearest neighbours:")
    for word in TELLING_WORDS:
        if word in model.wv:
            neighbours = (str(key) for key, _ in model.wv.most_similar(word, topn=5))
            _print(f"  {word:8} {', '.join(neighbours)}")


def _print(line: str) -> None:
    print(line, flush=True)
