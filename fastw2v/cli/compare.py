"""``fastw2v compare``: which of two files of vectors is better, and whether that may be chance."""

from __future__ import annotations

import argparse
from typing import Any

from fastw2v.cli.arguments import Commands, add_command
from fastw2v.cli.judging import add_tests, interval, read_tests
from fastw2v.cli.results import aligned, show
from fastw2v.cli.vectors import load


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "compare",
        run,
        help="tell which of two files of vectors is better",
        description="Compare two files of vectors on tests, by the questions that both know: their "
        "scores, the difference with its confidence interval, and how probable such a difference "
        "would be if they were equally good (p).",
        examples_of=(
            "fastw2v compare new.safetensors old.bin --pairs simlex999.txt",
            "fastw2v compare a.bin b.bin --analogies questions-words.txt --by section",
        ),
    )
    for name in "ab":
        parser.add_argument(name, metavar=name.upper(), help="a file of vectors, in any format")
    add_tests(parser)


def run(arguments: argparse.Namespace) -> None:
    """Compare, and print a table."""
    from fastw2v.evaluation import compare

    tests = read_tests(arguments)
    a, b = load(arguments.a, arguments), load(arguments.b, arguments)
    head = (
        "test",
        "a",
        "b",
        "a - b",
        f"{100 * arguments.level:g} % interval",
        "p",
        "used",
        "unknown",
    )
    rows: list[tuple[str, ...]] = [head]
    results: list[dict[str, Any]] = []
    for test in tests:
        of_analogies = {"method": arguments.method, "by": arguments.by}
        found = compare(
            a,
            b,
            test.questions,
            restrict_vocab=arguments.restrict_vocab,
            case_insensitive=not arguments.case_sensitive,
            level=arguments.level,
            resamples=arguments.resamples,
            seed=arguments.seed,
            **(of_analogies if test.kind == "analogies" else {}),
        )
        results.append({"test": test.path, "kind": test.kind, **vars(found)})
        rows.append(
            (
                f"{test.name}, {found.score}",
                f"{found.a:.4f}",
                f"{found.b:.4f}",
                f"{found.difference:+.4f}",
                interval(*found.confidence_interval, signed=True),
                f"{found.p_value:.2g}",
                f"{found.used:,} of {found.total:,}",
                "{:,} to a, {:,} to b".format(*found.out_of_vocabulary),
            )
        )
    result = {
        "a": arguments.a,
        "b": arguments.b,
        "restrict_vocab": arguments.restrict_vocab,
        "level": arguments.level,
        "tests": results,
    }
    show(arguments, result, aligned(rows))
