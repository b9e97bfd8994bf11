"""``fastw2v train``: texts become vectors, by ``Model``'s options or by word2vec.c's flags."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fastw2v.cli import word2vec
from fastw2v.cli.arguments import (
    Commands,
    MisuseError,
    add_command,
    add_json,
    add_reading,
    add_vocabulary_size,
    add_workers,
    at_least,
    real,
    share,
    wrapped,
    writable_format,
)
from fastw2v.cli.results import history_lines, show
from fastw2v.cli.sources import (
    add_sources,
    encoded,
    open_sources,
    read_vocabulary,
    reading_options,
    refuse_overwriting,
    save_vocabulary,
)
from fastw2v.cli.vectors import check_keys, saved_format, write_vectors
from fastw2v.dispatch import NAMES as KERNELS
from fastw2v.formats.files import check_writable
from fastw2v.hyperparameters import (
    ARCHITECTURES,
    CBOW_GRADIENTS,
    DEFAULT_SAMPLE,
    NEGATIVE_SHARING,
    OBJECTIVES,
)

if TYPE_CHECKING:
    from fastw2v import Model

# What the parser and Model call alike; None leaves it to Model's default.
MODEL_OPTIONS = (
    *("vector_size", "window", "shrink_windows", "shuffle", "architecture", "objective"),
    *("negative", "ns_exponent", "negative_sharing", "cbow_mean", "cbow_gradient", "sample"),
    *("alpha", "min_alpha", "epochs", "workers", "deterministic", "kernel", "seed", "memory_limit"),
)
CHOICE_OPTIONS = ("min_count", "max_vocab_size")
# What ``Model.train`` is called with, by its names.
STOPPING_OPTIONS = {
    "validation_share": "validation",
    "patience": "patience",
    "max_seconds": "max_seconds",
}
WHOLE_SENTENCE = "sentence"


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "train",
        run,
        help="train word vectors on texts",
        description="Train word vectors on texts, one sentence a line, and save them in the format "
        "that the output's suffix names: .safetensors is the whole model, with its settings and "
        "history; others, such as .txt or .bin, are the vectors alone.\n\n"
        "An encoded corpus brings its vocabulary, unless an option here chooses another.",
        examples_of=(
            "fastw2v train corpus.txt.xz -o model.safetensors",
            "fastw2v train 'texts/*.txt' -o vectors.bin --vector-size 300 --epochs 10",
            "zcat *.gz | fastw2v train - -o vectors.txt --architecture cbow",
            "fastw2v train -train text8 -output vectors.bin -cbow 0 -size 200 -binary 1",
        ),
    )
    add_sources(parser, required=False)
    _add_output(parser)
    _add_vocabulary(parser.add_argument_group("words"))
    add_reading(parser.add_argument_group("reading"))
    _add_model(parser.add_argument_group("what is trained"))
    _add_training(parser.add_argument_group("how it is trained"))
    _add_stopping(parser.add_argument_group("when it ends"))
    _add_checkpoints(parser.add_argument_group("should it be interrupted"))
    word2vec.add_flags(
        parser.add_argument_group("word2vec.c's flags", wrapped(word2vec.DESCRIPTION))
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", help="where to save the vectors")
    parser.add_argument(
        "--format",
        metavar="NAME",
        type=writable_format,
        help="of the output (default: what its suffix names)",
    )
    parser.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        help="show a progress bar (default: where standard error is a terminal)",
    )
    add_json(parser)


def _add_vocabulary(group: argparse._ArgumentGroup) -> None:
    add_vocabulary_size(group, "-min-count")
    group.add_argument(
        "--vocabulary",
        "-read-vocab",
        metavar="FILE",
        help="take the words from a file: one that fastw2v saved as .safetensors, or lines of a "
        "word and its count; --min-count and --max-vocab-size choose among them",
    )
    group.add_argument(
        "--save-vocabulary",
        "-save-vocab",
        metavar="FILE",
        help="save the words with their counts, as .safetensors or as lines of both",
    )


def _add_model(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        *("--vector-size", "-size"), metavar="N", type=at_least(1), help="dimensions (default: 100)"
    )
    group.add_argument(
        *("--window", "-window"),
        metavar="N",
        type=_window,
        help="words on either side that are contexts: N, LEFT,RIGHT, or sentence for all of it "
        "(default: 5)",
    )
    group.add_argument(
        "--shrink-windows",
        action=argparse.BooleanOptionalAction,
        help="draw each window's size from 1 to N (default: yes)",
    )
    group.add_argument("--architecture", choices=ARCHITECTURES, help="(default: skipgram)")
    group.add_argument("--objective", choices=OBJECTIVES, help="(default: negative_sampling)")
    group.add_argument(
        *("--negative", "-negative"), metavar="N", type=at_least(0), help="noise words (default: 5)"
    )
    group.add_argument(
        "--ns-exponent", metavar="X", type=real, help="of noise words' counts (default: 0.75)"
    )
    group.add_argument(
        "--negative-sharing",
        choices=NEGATIVE_SHARING,
        help="what skip-gram's noise words are drawn for (default: window)",
    )
    group.add_argument(
        "--cbow-mean",
        action=argparse.BooleanOptionalAction,
        help="whether the contexts' mean predicts the centre, or their sum (default: the mean)",
    )
    group.add_argument(
        "--cbow-gradient",
        choices=CBOW_GRADIENTS,
        help="divided among the contexts, or whole for each (default: exact)",
    )
    group.add_argument(
        *("--sample", "-sample"),
        metavar="T",
        type=real,
        help="share of all words above which a word is subsampled; 0 keeps all "
        f"(default: {DEFAULT_SAMPLE:g})",
    )


def _add_training(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        *("--epochs", "-iter"), metavar="N", type=at_least(1), help="passes (default: 5)"
    )
    group.add_argument(
        *("--alpha", "-alpha"),
        metavar="A",
        type=real,
        help="learning rate at the start (default: 0.035 for skip-gram, 0.15 for CBOW; others for "
        "other objectives and gradients)",
    )
    group.add_argument(
        "--min-alpha", metavar="A", type=real, help="learning rate at the end (default: 1e-4)"
    )
    group.add_argument(
        "--shuffle",
        action=argparse.BooleanOptionalAction,
        help="put the sentences into a random order first (default: yes)",
    )
    add_workers(group, "-threads", help="threads")
    group.add_argument(
        "--deterministic",
        action=argparse.BooleanOptionalAction,
        help="get the same bits with any number of threads; slower (default: no)",
    )
    group.add_argument("--seed", metavar="N", type=at_least(0), help="(default: 1)")
    group.add_argument(
        "--kernel", choices=["auto", *KERNELS], help="native code of the updates (default: auto)"
    )


def _add_stopping(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--validation-share",
        metavar="SHARE",
        type=share,
        help="hold out this share of the sentences, and show their loss after each pass",
    )
    group.add_argument(
        "--patience",
        metavar="N",
        type=at_least(1),
        help="end when that loss has not fallen for N passes, and keep the vectors of the best one",
    )
    group.add_argument(
        "--max-seconds",
        metavar="S",
        type=real,
        help="train no longer, with the learning rate at its end by then; --epochs is then the "
        "most passes there can be",
    )


def _add_checkpoints(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--checkpoint",
        metavar="FILE",
        help="write the state of the training to a file now and then; the one before stays as "
        "FILE.previous",
    )
    group.add_argument(
        "--checkpoint-every",
        metavar="TIME",
        help="how often: 30s, 10min, 2h, or a number of tokens (default: 10min)",
    )
    group.add_argument(
        "--resume",
        action="store_true",
        help="go on from the checkpoint, by the same options, if there is one; begin otherwise",
    )


def _window(text: str) -> int | tuple[int, int] | str:
    """Read what ``Model`` takes as window, or the word that stands for its None."""
    if text == WHOLE_SENTENCE:
        return text
    try:
        sides = [int(side) for side in text.split(",")]
    except ValueError:
        sides = []
    if len(sides) not in (1, 2) or min(sides) < 0 or max(sides) == 0:
        raise argparse.ArgumentTypeError(
            f"must be a whole number above 0, two of them as in 2,5, or sentence, not {text!r}"
        )
    return sides[0] if len(sides) == 1 else (sides[0], sides[1])


def run(arguments: argparse.Namespace) -> None:
    """Train, save, and print what came of it."""
    from fastw2v import EncodedCorpus

    word2vec.settle(arguments)
    sources, output, format = _files(arguments)
    for path in (output, arguments.save_vocabulary):
        if path is not None:
            check_writable(path)
    refuse_overwriting(sources, output, arguments.save_vocabulary)
    choice = _vocabulary_choice(arguments)
    sentences = open_sources(sources)
    if output is None:
        _count(arguments, sentences, choice)
        return
    if isinstance(sentences, EncodedCorpus):  # keys of texts can be written anywhere
        check_keys(format, sentences.vocabulary.keys)
    model = _trained(arguments, sentences, choice)
    if format == "safetensors":
        model.save(output)
    else:
        write_vectors(output, model.wv, format)
    assert model.vocabulary is not None
    if arguments.save_vocabulary is not None:
        save_vocabulary(arguments.save_vocabulary, model.vocabulary)
    _show(arguments, model, output, format)


def _files(arguments: argparse.Namespace) -> tuple[list[str], str | None, str]:
    """Return the sources, the output and its format."""
    if word2vec.is_used(arguments):
        sources, output = [arguments.word2vec_train], arguments.word2vec_output
        format = "word2vec_binary" if arguments.binary else "word2vec_text"
    else:
        sources, output, format = arguments.sources, arguments.output, arguments.format
        if not sources:
            raise MisuseError("give a SOURCE to train on, or - for standard input")
    if output is not None:
        return sources, output, saved_format(output, format)
    # word2vec.c then counts and saves the words; of fastw2v's users, one has forgotten something.
    if not word2vec.is_used(arguments):
        raise MisuseError("give -o FILE, where to save the vectors")
    if arguments.save_vocabulary is None:
        raise MisuseError("give -output FILE, or -save-vocab FILE to save the words alone")
    return sources, None, ""


def _vocabulary_choice(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options that choose the vocabulary, as ``Model`` and ``encode`` take them."""
    choice = {
        name: getattr(arguments, name)
        for name in CHOICE_OPTIONS
        if getattr(arguments, name) is not None
    }
    if arguments.vocabulary is None:
        return choice
    return {"vocabulary": read_vocabulary(arguments.vocabulary, **choice)}


def _trained(arguments: argparse.Namespace, sentences: Any, choice: dict[str, Any]) -> Model:
    from fastw2v import EncodedCorpus, Model
    from fastw2v.checkpoint_file import checkpoint_is_there

    plan, every = _checkpoints(arguments)
    stopping = _stopping(arguments)
    options = {
        name: getattr(arguments, name)
        for name in MODEL_OPTIONS
        if getattr(arguments, name) is not None
    }
    if options.get("window") == WHOLE_SENTENCE:
        options["window"] = None
    # Model reads texts by itself, but has no options for reading, and chooses no words anew.
    if reading_options(arguments) or (choice and isinstance(sentences, EncodedCorpus)):
        sentences, choice = encoded(sentences, arguments, **choice), {}
    model = Model(sentences, **options, **choice)
    if arguments.resume and checkpoint_is_there(plan["checkpoint"]):
        _check_settings(plan["checkpoint"], model)
        how = {"workers": arguments.workers, "kernel": arguments.kernel, **every}
        how["memory_limit"] = arguments.memory_limit
        return Model.resume(plan["checkpoint"], sentences, **how, progress=arguments.progress)
    return model.train(**plan, **every, **stopping, progress=arguments.progress)


def _stopping(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what may end the training, as ``Model.train`` takes it."""
    given = {
        name: getattr(arguments, option)
        for option, name in STOPPING_OPTIONS.items()
        if getattr(arguments, option) is not None
    }
    if "patience" in given and "validation" not in given:
        raise MisuseError("--patience needs --validation-share, whose loss it waits for")
    if given and arguments.checkpoint is not None:
        raise MisuseError(
            "--validation-share, --patience and --max-seconds don't go with --checkpoint: a "
            "resumed training would not know of them"
        )
    return given


def _checkpoints(arguments: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return where checkpoints go, and how often, as ``Model.train`` takes them."""
    path, every = arguments.checkpoint, arguments.checkpoint_every
    if path is None:
        if every is not None or arguments.resume:
            raise MisuseError("give --checkpoint FILE, which the other options are about")
        return {}, {}
    if arguments.output and os.path.realpath(arguments.output) == os.path.realpath(path):
        raise MisuseError("--checkpoint and --output are one file: give two")
    if every is not None and every.isascii() and every.isdecimal():
        every = int(every)
    return {"checkpoint": path}, {} if every is None else {"every": every}


def _check_settings(path: str, model: Model) -> None:
    """Refuse to go on with other settings than the checkpoint's, which would have no effect."""
    from fastw2v import checkpoint_file

    before, now = asdict(checkpoint_file.read(path).model.parameters), asdict(model.parameters)
    for name, value in before.items():
        if now[name] != value:
            raise ValueError(
                f"{path} was made with {name}={value!r}, and now it is {now[name]!r}: resume by "
                "the same options, or remove it to begin anew"
            )


def _count(arguments: argparse.Namespace, sentences: Any, choice: dict[str, Any]) -> None:
    """Count the words and save them, without training."""
    if "vocabulary" in choice:
        vocabulary = choice["vocabulary"]
    else:
        from fastw2v import count

        options = reading_options(arguments)
        vocabulary = count(sentences, **options, **choice, workers=arguments.workers)
    save_vocabulary(arguments.save_vocabulary, vocabulary)
    tokens = int(vocabulary.counts.sum())
    result = {
        "vocabulary": arguments.save_vocabulary,
        "vocabulary_size": len(vocabulary),
        "tokens": tokens,
    }
    line = f"saved {arguments.save_vocabulary}: {len(vocabulary):,} words, {tokens:,} occurrences"
    show(arguments, result, [line])


def _show(arguments: argparse.Namespace, model: Model, output: str, format: str) -> None:
    result = {
        "output": output,
        "format": format,
        "vectors": len(model.wv),
        "vector_size": model.parameters.vector_size,
        "vocabulary": arguments.save_vocabulary,
        "settings": {**asdict(model.parameters), "workers": model.workers},
        "report": model.report,
        "history": [
            {**record.as_dict(), "words_per_second": record.words_per_second}
            for record in model.history
        ],
    }
    lines = [str(model.report), *history_lines(model.history)]
    size = f"{len(model.wv):,} vectors of {model.parameters.vector_size} dimensions"
    lines.append(f"saved {output}: {size}, {format}")
    if arguments.save_vocabulary is not None:
        lines.append(f"saved {arguments.save_vocabulary}: the words with their counts")
    show(arguments, result, lines)
