"""``fastw2v evaluate``: how good vectors are, on analogies and word pairs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from fastw2v.cli.arguments import Commands, add_command
from fastw2v.cli.judging import Test, add_tests, interval, read_tests
from fastw2v.cli.results import aligned, show
from fastw2v.cli.vectors import load

if TYPE_CHECKING:
    from fastw2v import KeyedVectors
    from fastw2v.evaluation import AnalogyResult, WordPairResult


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "evaluate",
        run,
        help="score vectors on analogies and word pairs",
        description="Score vectors on tests: the share of analogies answered correctly, and "
        "Spearman's correlation of cosines with people's scores of word pairs. Each score has a "
        "confidence interval, and tells how many questions were left out, as their words are out "
        "of the vocabulary.",
        examples_of=(
            "fastw2v evaluate model.safetensors --analogies questions-words.txt",
            "fastw2v evaluate vectors.bin --pairs wordsim353.tsv simlex999.txt men3k.txt --json",
        ),
    )
    parser.add_argument("vectors", metavar="VECTORS", help="a file of vectors, in any format")
    add_tests(parser)


def run(arguments: argparse.Namespace) -> None:
    """Score, and print a table."""
    tests = read_tests(arguments)
    vectors = load(arguments.vectors, arguments)
    results = []
    head = ("test", "score", "", f"{100 * arguments.level:g} % interval", "used", "unknown")
    rows: list[tuple[str, ...]] = [head]
    sections: list[str] = []
    for test in tests:
        result = _asked(vectors, test, arguments)
        results.append(result)
        rows.append(_row(test.name, result))
        if test.kind == "analogies":
            sections += _sections(test.name, result)
    result = {
        "vectors": arguments.vectors,
        "keys": len(vectors),
        "restrict_vocab": arguments.restrict_vocab,
        "level": arguments.level,
        "tests": results,
    }
    show(arguments, result, [*aligned(rows), *sections])


def _asked(vectors: KeyedVectors, test: Test, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the outcome of one test."""
    from fastw2v import evaluation

    options = {
        "restrict_vocab": arguments.restrict_vocab,
        "case_insensitive": not arguments.case_sensitive,
    }
    bootstrap = {
        "level": arguments.level,
        "resamples": arguments.resamples,
        "seed": arguments.seed,
    }
    keys, matrix = vectors.index_to_key, vectors.vectors
    if test.kind == "pairs":
        pairs: WordPairResult = evaluation.evaluate_word_pairs(
            keys, matrix, test.questions, **options
        )
        return {
            "test": test.path,
            "kind": test.kind,
            "spearman": pairs.spearman,
            "pearson": pairs.pearson,
            "interval": pairs.bootstrap_interval(**bootstrap),
            "used": pairs.pairs_used,
            "total": pairs.pairs_total,
            "out_of_vocabulary": pairs.out_of_vocabulary,
        }
    answers: AnalogyResult = evaluation.evaluate_analogies(
        keys, matrix, test.questions, **options, method=arguments.method
    )
    return {
        "test": test.path,
        "kind": test.kind,
        "method": arguments.method,
        "accuracy": answers.accuracy,
        "correct": answers.correct,
        "interval": answers.bootstrap_interval(by=arguments.by, **bootstrap),
        "used": answers.questions_used,
        "total": answers.questions_total,
        "out_of_vocabulary": answers.out_of_vocabulary,
        "sections": {
            name: {"correct": correct, "used": used}
            for name, (correct, used) in answers.sections.items()
        },
    }


def _row(name: str, result: dict[str, Any]) -> tuple[str, ...]:
    score = "spearman" if result["kind"] == "pairs" else "accuracy"
    return (
        name,
        f"{result[score]:.4f}",
        score,
        interval(*result["interval"]),
        f"{result['used']:,} of {result['total']:,}",
        f"{result['out_of_vocabulary']:,}",
    )


def _sections(name: str, result: dict[str, Any]) -> list[str]:
    rows = [(f"{name}, by section", "correct", "of", "")]
    for section, counts in result["sections"].items():
        correct, used = counts["correct"], counts["used"]
        share = f"{correct / used:.1%}" if used else "none known"
        rows.append((f"  {section}", f"{correct:,}", f"{used:,}", share))
    return ["", *aligned(rows)]
