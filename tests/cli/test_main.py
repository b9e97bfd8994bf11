from __future__ import annotations

import logging
import os
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from fastw2v import demo
from fastw2v.cli import COMMANDS, PIPE_CLOSED, _parser, main

NAMES = [command.__name__.rpartition(".")[2] for command in COMMANDS]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, dict[str, Any]]]:
    made: list[tuple[Any, dict[str, Any]]] = []
    monkeypatch.setattr(demo, "run_demo", lambda output, **options: made.append((output, options)))
    return made


def exit_status(*argv: str) -> object:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    return caught.value.code


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("--version") == 0
    assert capsys.readouterr().out == f"fastw2v {version('fastw2v')}\n"


def examples(text: str) -> list[list[str]]:
    """Return the arguments of the examples that end a help text."""
    _, _, ending = text.rpartition("\nexample")
    found = []
    for line in ending.splitlines():
        words = shlex.split(line.removeprefix("s:").removeprefix(": "))
        if "fastw2v" in words:
            words = words[words.index("fastw2v") + 1 :]
            ends = [i for i, word in enumerate(words) if word in ("|", "<")]
            found.append(words[: min(ends, default=None)])
    return found


@pytest.mark.parametrize("command", [None, *NAMES])
def test_help_has_examples_that_are_right(
    command: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status(*([] if command is None else [command]), "--help") == 0
    found = examples(capsys.readouterr().out)
    assert command is None or command in {argv[0] for argv in found}
    for argv in found:
        assert _parser().parse_args(argv).run is not None


def test_help_is_quick_to_load() -> None:
    program = (
        "import sys; from fastw2v.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, sep='\\n')"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(run.stdout.splitlines())
    heavy = {"matplotlib", "sklearn", "scipy", "pyarrow", "pandas", "polars", "fastw2v.demo"}
    assert "fastw2v.cli.plot" in loaded
    assert not heavy & loaded


def test_without_a_command_help_is_printed_as_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("usage: fastw2v")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["demo", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["demo", "--workers", "0"], "at least 1, not '0'"),
        (["demo", "--workers", "two"], "at least 1, not 'two'"),
        (["demo", "--seed", "-1"], "--seed"),
        (["demo", "--output"], "expected one argument"),
    ],
)
def test_wrong_arguments_exit_with_2(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_status(*argv) == 2
    assert message in capsys.readouterr().err


def test_demo_passes_its_options_on(calls: list[tuple[Any, dict[str, Any]]]) -> None:
    assert main(["demo"]) == 0
    assert main(["demo", "-o", "v.safetensors", "--workers", "3", "--seed", "0"]) == 0
    assert calls == [
        ("fastw2v-demo.safetensors", {"workers": None, "seed": 1}),
        ("v.safetensors", {"workers": 3, "seed": 0}),
    ]


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (ValueError("no\n  words"), 1, "fastw2v: error: no words\n"),
        (FileNotFoundError("no folder x"), 1, "fastw2v: error: no folder x\n"),
        (FileNotFoundError(2, "No such file", "x"), 1, "fastw2v: error: 'x': No such file\n"),
        (OSError(28, "No space left"), 1, "fastw2v: error: No space left\n"),
        (MemoryError(), 1, "fastw2v: error: MemoryError\n"),
        (KeyboardInterrupt(), 130, "fastw2v: interrupted\n"),
    ],
)
def test_errors_are_one_line(
    error: BaseException,
    status: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(output: str, **options: object) -> None:
        raise error

    monkeypatch.setattr(demo, "run_demo", fail)
    assert main(["demo"]) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == message


def test_a_mistake_in_the_program_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(output: str, **options: object) -> None:
        raise TypeError("a mistake")

    monkeypatch.setattr(demo, "run_demo", fail)
    with pytest.raises(TypeError, match="a mistake"):
        main(["demo"])


def test_the_module_runs_and_refuses_an_unwritable_output(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "fastw2v", "demo", "-o", str(tmp_path / "missing" / "v")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith("fastw2v: error: no folder ")
    assert run.stderr.count("\n") == 1


def piped(argv: list[str], **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "fastw2v", *argv],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": ""},  # argparse hides what fails at once
        **options,
    )


@pytest.mark.parametrize("argv", [["--help"], ["similar", "VECTORS", *["a", "b"] * 9_000]])
def test_a_closed_pipe_ends_quietly(argv: list[str], tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("2 1\na 1\nb 1\n")
    argv = [str(path) if word == "VECTORS" else word for word in argv]
    reading, writing = os.pipe()
    os.close(reading)
    with piped(argv, stdout=writing) as process:
        os.close(writing)
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(60) == PIPE_CLOSED


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_output_that_is_lost_is_an_error() -> None:
    with open("/dev/full", "w") as full, piped(["info", "--formats"], stdout=full) as process:
        assert process.stderr is not None
        assert process.stderr.read() == "fastw2v: error: No space left on device\n"
        assert process.wait(60) == 1


def test_characters_that_the_terminal_lacks_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_text("2 1\na 1\né 1\n", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "fastw2v", "similar", str(path), "a"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.split() == [b"a", b"\\xe9", b"1.0000"]


def test_warnings_are_lines_of_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def warn(output: str, **options: object) -> None:
        logging.getLogger("fastw2v").info("nothing to be told")
        logging.getLogger("fastw2v").warning("%d rows", 3)

    monkeypatch.setattr(demo, "run_demo", warn)
    for _ in range(2):
        assert main(["demo"]) == 0
        assert capsys.readouterr().err == "fastw2v: warning: 3 rows\n"
