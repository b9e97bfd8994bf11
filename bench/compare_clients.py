r"""Run packages that train on gensim's Word2Vec, unchanged, with it and with ``patch_gensim()``.

Each client embeds a random graph with communities as its documentation shows; some walks fewer, see
``CLIENTS``. A tenth of the edges is held out first, and with as many pairs of nodes that have no
edge it judges the embedding: the area under the ROC curve of the cosine. Contenders take turns, A B
A B ..., and round r uses seed ``--seed`` + r for the graph and the client. Each run is a process of
its own, of the Python in which its client is installed, with gensim and fastw2v::

    python bench/compare_clients.py --python pecanpy=a/bin/python node2vec=b/bin/python \
        karateclub=c/bin/python graspologic=d/bin/python

The seconds begin before the client is imported and end when its embedding is there; the graph is
made before, the AUC computed after. "Word2Vec" is the part of them that gensim's run spends in
``Word2Vec(...)``, which counts and trains; the rest is the client's own: walks, mostly. Reported is
the median over the rounds with the smallest and the largest value in brackets; ratios pair the runs
of one round. This script itself needs no package.

Measured at 10,000 nodes on two virtual cores of a Zen 4 with AVX-512, other processes waiting
(pecanpy 2.0.9, node2vec 0.5.0, graspologic 3.4.4, karateclub 1.3.3 without the versions that it
asks for, which current Pythons do not have; NumPy 1.26.4):

============  ====================  =================  =============  ===========  ================
client        s: gensim             fastw2v            ratio          Word2Vec, %  its ratio
============  ====================  =================  =============  ===========  ================
node2vec      112.9 (109.9..120.9)  26.6 (24.9..30.9)  4.4 (3.7..4.5) 81 (79..82)  26.2 (16.8..28.7)
pecanpy       60.4 (51.1..70.5)     19.3 (18.9..20.6)  3.2 (2.5..3.6) 77 (68..78)  10.8 (6.7..13.5)
graspologic   29.7 (26.0..36.8)     20.6 (16.8..22.0)  1.8 (1.2..1.8) 39 (34..40)  7.1 (4.8..8.8)
DeepWalk *    53.1                  39.0               1.4            44           2.0
Walklets *    79.8                  50.0               1.6            36           3.9
============  ====================  =================  =============  ===========  ================

* One round. The AUCs of a client's two sides differ by 0.001 at the most.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import Run, cores, positive_integer, print_table, spread

SIDES = ("gensim", "fastw2v")
COMMUNITY = 50  # nodes of a community
INSIDE, OUTSIDE = 12, 4  # edges of a node within and out of it, on average


# The clients, as their documentation uses them ---------------------------------------------------


def pecanpy_sparse(args: argparse.Namespace, edges: Any) -> Any:
    """PecanPy's README: SparseOTF on a file of edges, ``embed()`` with its defaults."""
    from pecanpy import pecanpy

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.edg"
        path.write_text("".join(f"{a}\t{b}\n" for a, b in edges.tolist()))
        graph = pecanpy.SparseOTF(p=1, q=0.5, workers=args.workers, random_state=args.seed)
        graph.read_edg(str(path), weighted=False, directed=False)
    vectors = graph.embed()
    return vectors[[graph.nodes.index(str(node)) for node in range(args.nodes)]]


def node2vec(args: argparse.Namespace, edges: Any) -> Any:
    """Embed as node2vec's README does, but with 10 walks a node for 200; batch_words is its own."""
    from node2vec import Node2Vec

    walks = Node2Vec(
        as_networkx(args, edges),
        dimensions=64,
        walk_length=30,
        num_walks=10,
        workers=args.workers,
        quiet=True,
        seed=args.seed,
    )
    model = walks.fit(window=10, min_count=1, batch_words=4)
    return [model.wv[str(node)] for node in range(args.nodes)]


def karateclub(name: str) -> Callable[[argparse.Namespace, Any], Any]:
    """Return a function that fits an estimator of karateclub with its defaults."""

    def embed(args: argparse.Namespace, edges: Any) -> Any:
        import karateclub

        estimator = getattr(karateclub, name)(workers=args.workers, seed=args.seed)
        estimator.fit(as_networkx(args, edges))
        return estimator.get_embedding()

    return embed


def graspologic(args: argparse.Namespace, edges: Any) -> Any:
    """Embed by graspologic's ``node2vec_embed`` with its defaults."""
    from graspologic.embed import node2vec_embed

    vectors, labels = node2vec_embed(
        as_networkx(args, edges), workers=args.workers, random_seed=args.seed
    )
    row_of = {int(label): row for row, label in enumerate(labels)}
    return vectors[[row_of[node] for node in range(args.nodes)]]


# name: the package that --python names, and what embeds
CLIENTS: dict[str, tuple[str, Callable[[argparse.Namespace, Any], Any]]] = {
    "pecanpy": ("pecanpy", pecanpy_sparse),
    "node2vec": ("node2vec", node2vec),
    "graspologic": ("graspologic", graspologic),
    "DeepWalk": ("karateclub", karateclub("DeepWalk")),
    "Walklets": ("karateclub", karateclub("Walklets")),
    "Diff2Vec": ("karateclub", karateclub("Diff2Vec")),
    "Node2Vec": ("karateclub", karateclub("Node2Vec")),
}


def as_networkx(args: argparse.Namespace, edges: Any) -> Any:
    """Return the graph by networkx."""
    import networkx

    graph = networkx.Graph()
    graph.add_nodes_from(range(args.nodes))
    graph.add_edges_from(edges.tolist())
    return graph


# One run, in its own process ---------------------------------------------------------------------


def run_client(args: argparse.Namespace) -> Run:
    """Embed by the client `args.run` with `args.side`, and judge the vectors."""
    edges, held_out, others = make_graph(args.nodes, args.seed)
    start = time.perf_counter()
    if args.side == "fastw2v":
        from fastw2v.compat import patch_gensim

        patch_gensim()
    calls = time_word2vec()
    vectors = CLIENTS[args.run][1](args, edges)
    seconds = time.perf_counter() - start
    if not calls:
        raise RuntimeError(f"{args.run} never called gensim's Word2Vec")
    run = {"client": args.run, "side": args.side, "seconds": seconds, "calls": calls}
    return run | {"auc": area_under_curve(vectors, held_out, others)}


def make_graph(n: int, seed: int) -> tuple[Any, Any, Any]:
    """Return edges of a planted partition, those held out of them, and as many pairs without one.

    Every node keeps an edge.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    n_inside, n_outside = n * INSIDE // 2, n * OUTSIDE // 2
    first = rng.integers(n, size=n_inside)
    begin = first - first % COMMUNITY
    second = begin + rng.integers(np.minimum(COMMUNITY, n - begin))
    pairs = np.stack([first, second], 1)
    pairs = np.concatenate([pairs, rng.integers(n, size=(n_outside, 2))])
    pairs.sort(1)
    edges = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    edges = rng.permutation(edges)
    nodes, firsts = np.unique(edges.ravel(), return_index=True)
    if len(nodes) < n:
        raise ValueError(f"seed {seed} leaves a node without an edge: give another --seed")
    free = np.setdiff1d(np.arange(len(edges)), firsts // 2)
    out = free[-(len(edges) // 10) :]
    codes = edges @ [n, 1]
    others = np.sort(rng.integers(n, size=(4 * len(out), 2)), 1)
    is_free = (others[:, 0] != others[:, 1]) & ~np.isin(others @ [n, 1], codes)
    return np.delete(edges, out, 0), edges[out], others[is_free][: len(out)]


def time_word2vec() -> list[float]:
    """Have every call of ``Word2Vec``, gensim's or ours, add its seconds to a list."""
    cls = importlib.import_module("gensim.models.word2vec").Word2Vec
    seconds: list[float] = []
    make = cls.__init__

    def timed(self: Any, *args: Any, **kwargs: Any) -> None:
        start = time.perf_counter()
        make(self, *args, **kwargs)
        seconds.append(time.perf_counter() - start)

    cls.__init__ = timed
    return seconds


def area_under_curve(vectors: Any, positive: Any, negative: Any) -> float:
    """Return the probability that an edge's cosine is above that of two nodes without one."""
    import numpy as np

    rows = np.asarray(vectors, np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    high, low = (np.einsum("ij,ij->i", rows[p[:, 0]], rows[p[:, 1]]) for p in (positive, negative))
    low.sort()
    below, not_above = (np.searchsorted(low, high, side) for side in ("left", "right"))
    return float(np.mean(below + not_above) / 2 / len(low))


# All runs ----------------------------------------------------------------------------------------


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=about, allow_abbrev=False)
    add = parser.add_argument
    add("--python", nargs="+", default=[], metavar="PACKAGE=PATH", help="whose Python has it")
    add("--clients", nargs="+", choices=CLIENTS, metavar="NAME", help=f"of {', '.join(CLIENTS)}")
    for name, number in {"rounds": 3, "nodes": 10_000, "workers": cores()}.items():
        add(f"--{name}", type=positive_integer, default=number, help=f"default: {number}")
    add("--seed", type=int, default=1, help="of the first round; default: 1")
    add("--json", type=Path, metavar="FILE", help="write every run")
    add("--run", choices=CLIENTS, help=argparse.SUPPRESS)  # one client, in this process
    add("--side", choices=SIDES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.python = dict(entry.partition("=")[::2] for entry in args.python)
    known = {package for package, _ in CLIENTS.values()}
    for package, path in args.python.items():
        if package not in known or not Path(path).is_file():
            parser.error(f"--python {package}={path}: no such package or no such file")
    there = [name for name, (package, _) in CLIENTS.items() if package in args.python]
    args.clients = args.clients or there
    if missing := [name for name in args.clients if name not in there]:
        parser.error(f"{missing[0]}: give --python {CLIENTS[missing[0]][0]}=PATH")
    if not args.run and not args.clients:
        parser.error("give --python PACKAGE=PATH, a Python for each package of clients")
    return args


def start_run(args: argparse.Namespace, client: str, side: str, seed: int) -> Run:
    """Run a client in a process of its own; leave with what it says if it fails."""
    command = [args.python[CLIENTS[client][0]], __file__, "--run", client, "--side", side]
    for name in "nodes", "workers":
        command += [f"--{name}", str(getattr(args, name))]
    done = subprocess.run([*command, "--seed", str(seed)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stderr}\n{client} with {side} failed")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def row_of(client: str, runs: list[Run]) -> list[str]:
    """Return a client's row of the table."""
    theirs, ours = ([r for r in runs if r["client"] == client and r["side"] == s] for s in SIDES)
    pairs = list(zip(theirs, ours, strict=True))
    shares = [100 * sum(run["calls"]) / run["seconds"] for run in theirs]
    return [
        client,
        *(spread((run["seconds"] for run in side), ".1f") for side in (theirs, ours)),
        spread((a["seconds"] / b["seconds"] for a, b in pairs), ".1f"),
        spread(shares, ".0f"),
        spread((sum(a["calls"]) / sum(b["calls"]) for a, b in pairs), ".1f"),
        *(spread((run["auc"] for run in side), ".3f") for side in (theirs, ours)),
    ]


def main() -> None:
    """Run the benchmark, or with --run one client of it."""
    args = parse_arguments()
    if args.run:
        print(json.dumps(run_client(args)))
        return
    runs: list[Run] = []
    for client in args.clients:
        for turn in range(args.rounds):
            for side in SIDES:
                runs.append(run := start_run(args, client, side, args.seed + turn))
                shown = f"{run['seconds']:.1f} s, {sum(run['calls']):.1f} in Word2Vec"
                print(f"{client}, {side}: {shown}, AUC {run['auc']:.3f}", file=sys.stderr)
                if args.json:
                    args.json.write_text(json.dumps(runs, indent=1))
    header = ["client", "s: gensim", "ours", "ratio", "Word2Vec, %", "its ratio"]
    print(f"{args.nodes:,} nodes, {args.workers} workers")
    print_table([[*header, "AUC: gensim", "ours"], *(row_of(name, runs) for name in args.clients)])


if __name__ == "__main__":
    main()
