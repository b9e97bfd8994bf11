"""Reading test files: what is read, and what is refused where."""

import pytest

from fastw2v.evaluation import read_analogies, read_test, read_word_pairs


@pytest.fixture
def write(tmp_path):
    """Write a test file and return its path."""

    def write(text):
        path = tmp_path / "asked.txt"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


PAIRS = "# Word 1\tWord 2\tscore\n\nLove\tSex\t6.77\r\ntiger cat  7\nNew York\t\u00c5rhus\t-1e0\n"
ANALOGIES = ": One\nAthens Greece\tOslo Norway\n\n:empty\n: Two\nboy girl he SHE\n: One\na b c d\n"


def test_word_pairs(write):
    assert read_word_pairs(write(PAIRS)) == [
        ("love", "sex", 6.77),
        ("tiger", "cat", 7.0),
        ("new york", "\u00e5rhus", -1.0),
    ]
    assert read_word_pairs(str(write(PAIRS)), lower=False)[2] == ("New York", "\u00c5rhus", -1.0)


def test_a_delimiter_of_ones_own(write):
    path = write("Tiger; big cat;7\nlove;sex;6.77\n")
    assert read_word_pairs(path, delimiter=";") == [("tiger", "big cat", 7), ("love", "sex", 6.77)]
    with pytest.raises(ValueError, match=r"line 1: expected 'word\\tword\\tscore', found"):
        read_word_pairs(path, delimiter="\t")
    with pytest.raises(ValueError, match="line 2"):  # no white space where a tab is asked for
        read_word_pairs(write("a\tb\t1\ntiger cat 7\n"), delimiter="\t")
    with pytest.raises(ValueError, match="delimiter must not be empty"):
        read_word_pairs(path, delimiter="")


@pytest.mark.parametrize(
    "line", ["tiger cat", "tiger", "tiger cat seven", "a b 1 2", "a b nan", "a\t\t1", "a\tb\tinf"]
)
def test_malformed_word_pairs(write, line):
    path = write(f"# comment\n\nlove sex 6.77\n{line}\n")
    with pytest.raises(ValueError, match=r", line 4: ") as error:
        read_word_pairs(path)
    assert str(error.value).startswith(f"{path}, line 4: expected 'word word score'")
    assert repr(line) in str(error.value)


def test_analogies(write):
    assert read_analogies(write(ANALOGIES)) == {
        "One": [("athens", "greece", "oslo", "norway"), ("a", "b", "c", "d")],
        "empty": [],
        "Two": [("boy", "girl", "he", "she")],
    }
    assert read_analogies(write(ANALOGIES), lower=False)["Two"] == [("boy", "girl", "he", "SHE")]


@pytest.mark.parametrize("line", ["a b c", "a b c d e", ":"])
def test_malformed_analogies(write, line):
    path = write(f": section\na b c d\n{line}\n")
    with pytest.raises(ValueError, match=r", line 3: ") as error:
        read_analogies(path)
    assert str(error.value).startswith(f"{path}, line 3: ")
    assert repr(line) in str(error.value)


def test_question_before_the_first_section(write):
    with pytest.raises(ValueError, match="line 1: expected ': section' before"):
        read_analogies(write("a b c d\n"))


@pytest.mark.parametrize("read", [read_word_pairs, read_analogies, read_test])
def test_what_is_not_utf8(write, read):
    path = write(b": s\n" + "a b c \u00e9\n".encode() + b"caf\xe9 b c d\n")
    if read is read_word_pairs:
        path = write(b"a b 1\n\xe9 b 2\n")
    with pytest.raises(ValueError, match=r"line [23]: expected UTF-8, found b'.*\\xe9"):
        read(path)


def test_a_byte_order_mark_is_no_word(write):
    assert read_word_pairs(write(b"\xef\xbb\xbfa b 1\n")) == [("a", "b", 1.0)]
    assert read_analogies(write(b"\xef\xbb\xbf: s\na b c d\n")) == {"s": [("a", "b", "c", "d")]}


def test_the_kind_is_recognised(write):
    assert read_test(write(PAIRS)) == read_word_pairs(write(PAIRS))
    assert read_test(write(ANALOGIES)) == read_analogies(write(ANALOGIES))
    assert read_test(write("\n\n : s\nA b c d"), lower=False) == {"s": [("A", "b", "c", "d")]}
    assert read_test(write("A b 1"), lower=False) == [("A", "b", 1.0)]
    assert read_test(write("")) == []


def test_a_file_that_is_not_there(tmp_path):
    for read in (read_word_pairs, read_analogies, read_test):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "none")
