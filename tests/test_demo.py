from __future__ import annotations

import errno
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

import fastw2v
from fastw2v import demo
from fastw2v.demo import StandardLibrary, run_demo, source_sentences, split_words

SOURCE = '''\
"""Read a file. Write it!

Every line counts
    >>> read_lines("x")
    hidden value
"""
# A comment runs over
# two lines. Next one
def readLines(fileName):
    raise OSError("could not open the file; "
                  "try later")

WIDTH = "wide" + 'it\\'s "quoted"#here'  # trailing note
'''


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    for name in ("b.py", "a.py", "inner/c.py", "test/t.py", "site-packages/s.py"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"module = {path.stem}{path.stem}\n", encoding="utf-8")
    (folder / "latin.py").write_bytes(b"# caf\xe9 au lait\n")
    (folder / "notes.txt").write_text("not python\n")
    (folder / "_sysconfigdata__linux.py").write_text("build = flags\n")
    return folder


def write_lesson(folder: Path, repeats: int) -> Path:
    folder.mkdir()
    lines = [
        f'"""Turn {side} now. The {size} grows fast."""\n{side}_{size} = client.read()\n\n'
        for side in ("left", "right")
        for size in ("width", "height")
    ]
    (folder / "lesson.py").write_text("".join(lines) * repeats)
    return folder


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, World", ["hello", "world"]),
        ("snake_case_name", ["snake", "case", "name"]),
        ("camelCaseName", ["camel", "case", "name"]),
        ("HTTPServerError", ["http", "server", "error"]),
        ("MAX_LINE __init__", ["max", "line", "init"]),
        ("don't the file's", ["don't", "the", "file"]),
        ("0xCAFE 12ms 1e5 utf8 a i", ["utf"]),
        ("", []),
    ],
)
def test_words_are_split_at_underscores_and_capitals(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_a_source_becomes_sentences_of_prose_and_of_names() -> None:
    assert list(source_sentences(SOURCE)) == [
        ["read", "file"],
        ["write", "it"],
        ["every", "line", "counts"],
        ["read", "lines", "hidden", "value"],
        ["comment", "runs", "over", "two", "lines"],
        ["next", "one"],
        ["could", "not", "open", "the", "file"],
        ["try", "later"],
        ["trailing", "note"],
        ["def", "read", "lines", "file", "name", "raise", "os", "error"],
        ["width", "wide", "it", "quoted", "here"],
    ]


@pytest.mark.parametrize("quotes", ['"""', "'''"])
def test_quotes_inside_triple_quotes_do_not_end_them(quotes: str) -> None:
    inner = f"say {quotes[0]}yes{quotes[0]}{quotes[0]} or \\{quotes} # no"
    source = f"{quotes}{inner}{quotes}\nfirst_name\n"
    assert list(source_sentences(source)) == [["say", "yes", "or", "no"], ["first", "name"]]


def test_escapes_leave_no_letters_behind() -> None:
    source = r'''"""one\ntwo \x41bc \u0041three \N{DIGIT} \101four\tfive"""'''
    expected = [["one", "two", "bc", "three", "digit", "four", "five"]]
    assert list(source_sentences(source)) == expected


def test_broken_source_is_read_too() -> None:
    assert list(source_sentences('"""never closed\nsome words')) == [
        ["never", "closed", "some", "words"]
    ]
    assert list(source_sentences("")) == []


def test_scanning_time_grows_with_the_length() -> None:
    start = time.process_time()
    list(source_sentences('"""' + "a\\ '" * 200_000))
    list(source_sentences("# \n" * 200_000))
    list(source_sentences('"""' + "\n   #" * 200_000 + '"""'))
    assert time.process_time() - start < 5


def test_files_are_read_in_sorted_order_and_counted(sources: Path) -> None:
    library = StandardLibrary(sources)
    expected = [["module", "aa"], ["module", "bb"], ["module", "cc"]]
    assert list(library) == expected
    assert (library.files, library.skipped) == (3, 1)
    assert list(library) == expected
    assert (library.files, library.skipped) == (3, 1)


def test_the_standard_library_holds_over_a_million_words() -> None:
    library = StandardLibrary()
    assert (library.folder / "os.py").is_file()
    start = time.process_time()
    sentences = list(library)
    assert time.process_time() - start < 20
    assert sum(map(len, sentences)) > 1_000_000
    assert library.files > 400
    words = set().union(*sentences)
    assert words.issuperset(demo.TELLING_WORDS)
    assert all(word.strip("abcdefghijklmnopqrstuvwxyz") in ("", "'") for word in words)


def test_the_demo_reads_trains_shows_and_saves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_lesson(tmp_path / "lesson", 100)
    output = tmp_path / "vectors.safetensors"
    model = run_demo(output, workers=1, folder=folder, least_words=1000)
    printed = capsys.readouterr().out
    assert "Read 1 files, 1,200 sentences, 4,400 words, 11 distinct" in printed
    assert all(f"epoch {n:2}   loss {model.history[n - 1].loss:.4f}" in printed for n in (1, 10))
    assert "epoch 11" not in printed
    assert "44,000 words" in printed
    assert "words/s" in printed
    shown = [line.split()[0] for line in printed.split("neighbours:")[1].splitlines() if line]
    assert shown[:4] == ["width", "left", "read", "client"]
    loaded = fastw2v.KeyedVectors.load(output)
    assert loaded.most_similar("left") == model.wv.most_similar("left")


def test_the_demo_repeats_itself(tmp_path: Path) -> None:
    folder = write_lesson(tmp_path / "lesson", 50)
    runs = [
        run_demo(tmp_path / name, workers=1, seed=seed, folder=folder, least_words=1000)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    neighbours = [run.wv.most_similar("left") for run in runs]
    assert neighbours[0] == neighbours[1]
    assert neighbours[0] != neighbours[2]
    assert [run.parameters.seed for run in runs] == [1, 1, 2]


def test_the_demo_trains_on_all_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained_on: list[list[str]] = []

    class Recorder(fastw2v.Model):
        def train(self, sentences: Any = None, *, progress: bool | None = None) -> fastw2v.Model:
            trained_on.extend(sentences)
            return super().train(sentences, progress=progress)

    monkeypatch.setattr(demo, "Model", Recorder)
    folder = write_lesson(tmp_path / "lesson", 50)
    run_demo(tmp_path / "v", workers=1, folder=folder, least_words=1000)
    assert trained_on == list(StandardLibrary(folder))


def test_special_files_are_refused_before_training(sources: Path) -> None:
    with pytest.raises(OSError, match=f"{os.devnull}' is no regular file"):
        run_demo(os.devnull, folder=sources)


def test_too_few_words_are_an_error_that_says_what_to_do(sources: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"found 6 words.*100,000.*install") as caught:
        run_demo(tmp_path / "v", folder=sources)
    assert str(sources) in str(caught.value)
    with pytest.raises(ValueError, match="found 0 words"):
        run_demo(tmp_path / "v", folder=tmp_path / "nowhere")
    assert not (tmp_path / "v").exists()


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **settings: object) -> None:
        raise AssertionError("the work began before the output was checked")

    monkeypatch.setattr(demo, "Model", fail)
    monkeypatch.setattr(demo, "StandardLibrary", fail)


@pytest.mark.usefixtures("no_training")
def test_the_output_is_checked_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(IsADirectoryError, match="is a folder"):
        run_demo(tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        run_demo(tmp_path / "missing" / "v")

    def refuse(dir: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(PermissionError, match="Permission denied"):
        run_demo(tmp_path / "v")
