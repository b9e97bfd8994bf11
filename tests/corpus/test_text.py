"""Text files: blocks, line ends, compression, and what is not UTF-8."""

import os
import re
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fastw2v.corpus import encode, text
from fastw2v.corpus.sources import source_of

SUFFIXES = [".txt", ".gz", ".bz2", ".xz", ".zst"]
COMPRESSED = SUFFIXES[1:]
FRAGMENTS = ["a", "bb", "longer", "é", "𝕏", "\ufeff", "\x85", " ", "\t", "\f", "\n", "\r", "\r\n"]
BROKEN = [b"\xff", b"\xe2\x82", b"\xe2\x82\xac", b"\xed\xa0\x80", b"\xf0\x9f", b"\xef\xbf\xbd"]


def lines_of(data):
    """The words of each line that has some, as bytes."""
    lines = [line.split() for line in re.split(rb"\r\n|\r|\n", data)]
    return [line for line in lines if line]


@pytest.fixture(scope="module")
def shared_path(tmp_path_factory):
    """One file for all of hypothesis's examples, which a function's own would not outlive."""
    return tmp_path_factory.mktemp("corpus") / "corpus.txt"


# Words and lines


LAYOUTS = {
    "cut": lambda text: text.removesuffix("\n"),
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "cr": lambda text: text.replace("\n", "\r"),
    "cut cr": lambda text: text.replace("\n", "\r").removesuffix("\r"),
    "cut crlf": lambda text: text.replace("\n", "\r\n").removesuffix("\n"),
    "mixed": lambda text: text.replace("rare\n", "rare\r").replace("alone\n", "alone\r\n"),
    "blanks": lambda text: text.replace("\n", "\n\n \t\n"),
    "bom": lambda text: "\ufeff" + text,
    "tabs": lambda text: text.replace(" ", "\t"),
    "spaces": lambda text: text.replace(" ", " \t\x0b\f  ").replace("\n", "  \n\t "),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("suffix", [".txt", ".gz"])
def test_layouts(everything, reference, write, sentences, text, tmp_path, layout, suffix):
    path = write(tmp_path / f"corpus{suffix}", LAYOUTS[layout](text))
    assert everything(path) == reference(sentences)


@settings(deadline=None)  # the machine may be busy
@given(
    fragments=st.lists(st.sampled_from(FRAGMENTS), max_size=40),
    marked=st.booleans(),
    block=st.integers(1, 9),
    workers=st.integers(1, 2),
)
def test_no_block_cuts_a_word_or_a_line(plain, shared_path, fragments, marked, block, workers):
    data = "".join(fragments).encode()
    shared_path.write_bytes(b"\xef\xbb\xbf" * marked + data)
    expected = lines_of(data if marked else data.removeprefix(b"\xef\xbb\xbf"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "BLOCK", block)
        if max(map(len, expected), default=0) >= 2:
            corpus = encode(shared_path, min_count=1, workers=workers)
            assert plain(corpus) == [[word.decode() for word in line] for line in expected]
        else:
            with pytest.raises(ValueError, match=r"nothing to train on|no sentence has two"):
                encode(shared_path, min_count=1, workers=workers)


@pytest.mark.parametrize("end", ["", " ", "\n", "\r", "\r\n", " \r\n"])
@pytest.mark.parametrize("block", [1, 7, 8, 64])
def test_a_line_of_many_blocks_is_one_sentence(plain, tmp_path, monkeypatch, end, block):
    monkeypatch.setattr(text, "BLOCK", block)
    words = [str(n) * 3 for n in range(200)]
    path = tmp_path / "corpus.txt"
    path.write_bytes((" ".join(words) + end).encode())
    assert plain(encode(path, min_count=1)) == [words]
    path.write_bytes((" ".join(words) + (end.strip(" ") or "\n") + "more words").encode())
    assert plain(encode(path, min_count=1)) == [words, ["more", "words"]]


def test_a_word_of_many_blocks_is_read_in_linear_time(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 16)
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"a" * 4_000_000 + b" b")  # else 500 GB to copy
    assert [len(key) for key in encode(path, min_count=1).vocabulary.keys] == [4_000_000, 1]


def test_a_word_that_is_too_long_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 16)
    monkeypatch.setattr(text, "LONGEST_BLOCK", 1000)
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"ok " + b"a" * 5000)
    with pytest.raises(ValueError, match=r"corpus\.txt, byte 4: a word of more than .* a text\?"):
        encode(path, min_count=1)


def test_a_long_line_is_not_split_at_once(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"abcd " * 3_000_000)
    tracemalloc.start()
    try:
        corpus = encode(path, min_count=1, workers=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert corpus.offsets.tolist() == [0, 3_000_000]
    assert peak < 12_000_000  # some blocks; the line's words as objects would be 140 MB


def test_only_ascii_space_separates_words(plain, write, tmp_path):
    words = [
        "a\u00a0b",
        "\u3000",
        "x\u2028y",
        "\x85",
        "naïve",
        "日本",
        "𝕏",
        "\ufeff",
        "a\x1cb",
        "\0",
    ]
    path = write(tmp_path / "corpus.txt", "first\n" + " ".join(words) + "\n")
    assert plain(encode(path, min_count=1)) == [["first"], words]


def test_numbers_in_text_stay_text(write, tmp_path):
    path = write(tmp_path / "corpus.txt", "1 2 01 1\n")
    assert encode(path, min_count=1).vocabulary.keys == ["1", "2", "01"]


@pytest.mark.parametrize("data", ["", "\n\n \t\r\n", "\ufeff"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_without_words(write, tmp_path, data, suffix):
    with pytest.raises(ValueError, match="nothing to train on"):
        encode(write(tmp_path / f"corpus{suffix}", data))


# Compression


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", ["corpus", "corpus.txt", "corpus.gz", "corpus.bz2", "corpus.XZ"])
def test_compression_is_seen_in_the_content(
    everything, reference, write, sentences, text, tmp_path, suffix, name
):
    path = write(tmp_path / f"to-rename{suffix}", text).rename(tmp_path / name)
    assert everything(path) == reference(sentences)


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_a_file_of_several_compressed_parts_is_read_whole(plain, write, tmp_path, suffix):
    path = tmp_path / f"corpus{suffix}"
    parts = [write(path, part).read_bytes() for part in ("a b", "c\nd e", "", "f\n")]
    path.write_bytes(b"".join(parts))
    assert plain(encode(path, min_count=1)) == [["a", "bc"], ["d", "ef"]]


@pytest.fixture(scope="module")
def random_text():
    return " ".join(np.random.default_rng(1).integers(1000, size=2000).astype(str))


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_a_file_cut_off_anywhere_is_refused(write, random_text, tmp_path, suffix):
    path = write(tmp_path / f"corpus{suffix}", random_text)
    whole = path.read_bytes()
    for length in (0, 1, 2, 5, 11, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        path.write_bytes(whole[:length])
        # A few bytes may still be a text.
        expected = "damaged or cut off" if length >= 10 else "damaged|nothing to|UTF-8|no sentence"
        with pytest.raises(ValueError, match=expected) as raised:
            encode(path, min_count=1)
        if length >= 10:
            assert str(path) in str(raised.value)


@pytest.mark.parametrize("suffix", COMPRESSED)
def test_a_file_with_flipped_bytes_is_refused(everything, write, random_text, tmp_path, suffix):
    path = write(tmp_path / f"corpus{suffix}", random_text)
    whole = path.read_bytes()
    expected = everything(path)
    refused = 0
    for position in np.linspace(0, len(whole) - 1, 40, dtype=int):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        try:
            assert everything(path) == expected  # gzip's name and time are not checked by a sum
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
            refused += 1
    assert refused >= 36


def test_zip_is_refused_by_name(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"PK\x03\x04\x14\x00" + b"\n" * 99)
    with pytest.raises(ValueError, match=r"corpus\.txt is compressed by ZIP.*decompress it first"):
        source_of(path)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python reads Zstandard itself")
def test_zstandard_without_its_package(write, text, tmp_path, monkeypatch):
    path = write(tmp_path / "corpus.zst", text)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(ImportError, match=r"corpus\.zst is compressed.*pip install .fastw2v\[zstd"):
        encode(path, min_count=1)


# What is not UTF-8


@pytest.mark.parametrize(
    ("data", "line", "byte", "value"),
    [
        (b"ok\n\nab \xff cd\n", 3, 4, "ff"),
        (b"caf\xe9 noir\n", 1, 4, "e9"),
        (b"ok\r\rab\xc3 x", 3, 3, "c3"),
        (b"a\r\nb\r\n\r\nok \x80\r\n", 4, 4, "80"),
        (b"ok ok\nok \xed\xa0\x80\n", 2, 4, "ed"),  # a surrogate
        ("the cat".encode("utf-16"), 1, 1, "ff"),
        (b"ok\n" + b"word " * 30 + b"\xff\n", 2, 151, "ff"),
        (b"\xef\xbb\xbfok\n\xff\xfe \xff", 2, 1, "ff"),
    ],
)
@pytest.mark.parametrize("suffix", [".txt", ".xz"])
@pytest.mark.parametrize("block", [1, 16, 1 << 20])
def test_what_is_not_utf8_is_placed(
    write, tmp_path, monkeypatch, data, line, byte, value, suffix, block
):
    monkeypatch.setattr(text, "BLOCK", block)
    path = write(tmp_path / f"corpus{suffix}", data)
    with pytest.raises(ValueError, match="not valid UTF-8") as raised:
        encode(path, min_count=1)
    assert type(raised.value) is ValueError
    assert f"{path}, line {line}, byte {byte} of the line: 0x{value} " in str(raised.value)


@settings(deadline=None)  # the machine may be busy
@given(
    fragments=st.lists(
        st.sampled_from([b"a", b"\xc3\xa9", b" ", b"\n", *BROKEN]) | st.binary(max_size=3),
        max_size=30,
    ),
    block=st.sampled_from([1, 5, 1 << 20]),
    workers=st.integers(1, 2),
)
@example(fragments=[b"a\xff a\xfe b b a\xef\xbf\xbd a\xff"], block=2, workers=2)
def test_replacing_is_decoding_first(everything, reference, shared_path, fragments, block, workers):
    data = b"".join(fragments)
    shared_path.write_bytes(data)
    data = data.removeprefix(b"\xef\xbb\xbf")
    expected = [[w.decode(errors="replace") for w in line] for line in lines_of(data)]
    replaced = sum(
        w.decode(errors="replace").encode() != w for line in lines_of(data) for w in line
    )
    if max(map(len, expected), default=0) < 2:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "BLOCK", block)
        ours = everything(shared_path, errors="replace", workers=workers)
    theirs = reference(expected)
    theirs[-1]["replaced_tokens"] = replaced
    assert ours == theirs
    assert "".join(word for line in expected for word in line) == "".join(
        data.decode(errors="replace").translate(dict.fromkeys(b" \t\n\v\f\r"))
    )


def test_replacing_and_forgetting_go_together(plain, tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 8)
    monkeypatch.setattr(sys.modules["fastw2v.corpus.encode"], "LEAST_MAX_DISTINCT", 1)
    path = tmp_path / "corpus.txt"
    # x and y are forgotten after the first block, and U+FFFD gets the number of x.
    path.write_bytes(b"x y \xff \xff \xef\xbf\xbd \xef\xbf\xbd\n")
    corpus = encode(path, min_count=1, errors="replace", max_distinct=2)
    assert plain(corpus) == [["\ufffd"] * 4]
    assert corpus.vocabulary.counts.tolist() == [4]


# Folders, patterns, lists


def test_files_are_read_one_after_the_other(plain, write, tmp_path):
    folder = tmp_path / "texts"
    (folder / "sub.txt").mkdir(parents=True)
    write(folder / "b.gz", "c d\n")
    write(folder / "a.txt", "a b")
    write(folder / ".hidden.txt", "x y")
    write(folder / "sub.txt" / "deep.txt", "e f")
    a_b, c_d, e_f = ["a", "b"], ["c", "d"], ["e", "f"]
    for source, expected in (
        (folder, [a_b, c_d]),
        (f"{folder}{os.sep}", [a_b, c_d]),
        (f"{folder}/*.txt", [a_b]),
        (f"{folder}/[b]*", [c_d]),
        (f"{folder}/**/*.txt", [a_b, e_f]),
        ([folder / "b.gz", str(folder / "a.txt")], [c_d, a_b]),
        ((str(folder / "a.txt"), folder / "sub.txt"), [a_b, e_f]),
        ([f"{folder}", f"{folder}/*.gz"], [a_b, c_d, c_d]),
    ):
        assert plain(encode(source, min_count=1)) == expected
    odd = write(tmp_path / "odd[1].txt", "g h")
    assert plain(encode(str(odd), min_count=1)) == [["g", "h"]]


def test_where_there_is_no_file(write, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    there = write(tmp_path / "there.txt", "a b")
    for source, message in (
        (empty, r"no file in the folder '.*empty'"),
        (tmp_path / "missing.txt", r"no file '.*missing\.txt'"),
        (f"{tmp_path}/*.gz", r"no file '.*\*\.gz'"),
        ([there, tmp_path / "missing"], r"no file '.*missing'"),
        ([str(there), "missing"], r"no file 'missing'"),
    ):
        with pytest.raises(FileNotFoundError, match=message):
            source_of(source)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_fails_among_others_is_named(
    write, random_text, tmp_path, monkeypatch, workers
):
    monkeypatch.setattr(text, "BLOCK", 64)
    paths = [write(tmp_path / f"{i}.gz", random_text) for i in range(4)]
    paths[1].write_bytes(paths[1].read_bytes()[:-20])
    paths[2].write_bytes(b"\xff")
    for _ in range(10):  # whatever the threads do, it is the first
        with pytest.raises(ValueError, match=r"1\.gz is damaged or cut off"):
            encode(paths, min_count=1, workers=workers)
    paths[1].unlink()
    write(tmp_path / "1.xz", random_text.encode() + b"\nword \xfe")
    for _ in range(10):
        with pytest.raises(ValueError, match=r"1\.xz, line 2, byte 6 of the line: 0xfe"):
            encode(tmp_path, min_count=1, workers=workers)


def test_files_are_closed_when_another_fails(write, random_text, tmp_path, monkeypatch):
    monkeypatch.setattr(text, "BLOCK", 64)
    closed = []
    original = text._blocks

    def blocks(path, *arguments):
        try:
            yield from original(path, *arguments)
        finally:
            closed.append(path)

    monkeypatch.setattr(text, "_blocks", blocks)
    paths = [write(tmp_path / name, random_text) for name in ("0.txt", "1.txt")]
    paths[0].write_bytes(b"\xff " + paths[0].read_bytes())
    with pytest.raises(ValueError, match="not valid UTF-8") as error:
        encode(paths, min_count=1, workers=2)
    assert str(paths[0]) in closed
    assert error.traceback  # whose frames are alive, and would keep the file open
