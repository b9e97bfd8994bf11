"""``fastw2v demo``: a complete job on the text that every Python carries."""

from __future__ import annotations

import argparse

from fastw2v.cli.arguments import Commands, add_command, add_workers, at_least


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "demo",
        run,
        help="train on the text of Python's own standard library",
        description="Train on the docstrings, comments and names of Python's own standard "
        "library, show neighbours and save the vectors. Needs no network and no data.",
        examples_of=("fastw2v demo --workers 2 --output vectors.safetensors",),
    )
    parser.add_argument(
        *("-o", "--output"),
        metavar="FILE",
        default="fastw2v-demo.safetensors",
        help="where to save the vectors (default: %(default)s)",
    )
    add_workers(parser, help="training threads")
    parser.add_argument(
        "--seed", metavar="N", type=at_least(0), default=1, help="(default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Run the demonstration."""
    from fastw2v.demo import run_demo

    run_demo(arguments.output, workers=arguments.workers, seed=arguments.seed)
