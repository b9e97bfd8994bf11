"""Models that live for some cycles, are drawn at random, and are checked: see grow_cycles.py."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import fastw2v
from fastw2v import matrices
from fastw2v.compat import Word2Vec

MAKE_TOKEN = {  # from its number: the first are the most frequent
    "words": "w{}é".format,
    "integers": lambda i: 7 * i - 50,
    "numbers": int,  # of nodes, with vocabulary="identity"
    "mixed": lambda i: (i, f"{i}", (i, "x"), i + 0.5)[i % 4],
}


def counted(sentences):
    return Counter(token for sentence in sentences for token in sentence)


class Life:
    """What a model of either kind needs to be put to the test.

    ``keys`` and ``counts`` are what its vocabulary must be.
    """

    def __init__(self, random, folder):
        self.random, self.folder, self.pool = random, Path(folder), 5
        self.keys, self.counts = [], Counter()

    def one_of(self, *choices):
        return choices[self.random.integers(len(choices))]

    def chance(self, share):
        return bool(self.random.random() < share)

    def draw_sentences(self):
        """Draw some, now and then many or a long one, with words that there were not before."""
        self.pool += int(self.random.integers(12))
        lengths = self.random.integers(16, size=self.random.integers(1, 30))
        if self.chance(0.1):
            lengths = self.random.integers(16, size=self.random.integers(100, 500))
        if self.chance(0.03):
            lengths[0] = self.random.integers(1, 3000)
        make = MAKE_TOKEN[self.kind]
        drawn = [(self.pool * self.random.random(n) ** 2).astype(int).tolist() for n in lengths]
        return [[make(number) for number in sentence] for sentence in drawn]

    def as_file(self, sentences):
        path = self.folder / "sentences.txt"
        lines = [" ".join(sentence) + "\n" for sentence in sentences]
        path.write_text("".join(lines), encoding="utf-8")
        return str(path)

    def known(self, sentences):
        known = set(self.keys)
        return [[token for token in sentence if token in known] for sentence in sentences]

    def draw_rates(self):
        """Draw a rate for each key; 0 freezes it."""
        return self.random.choice([0.0, 0.5, 1.0, 2.0], len(self.keys)).astype(np.float32)

    def initial(self, n):
        nothing = matrices.zeros(0, self.options["vector_size"])
        return matrices.grown_inputs(nothing, n, self.options["seed"], self.initial_scale)

    def check_vocabulary(self, keys, counts):
        assert list(keys) == self.keys
        assert counts.tolist() == [self.counts[key] for key in self.keys]

    def check_inputs(self, found, begun, moving, rates):
        """Input rows keep the bits that they began with, but those that training may move."""
        free = np.ones(len(self.keys), bool) if rates is None else rates > 0
        still = ~(np.array([key in moving for key in self.keys]) & free)
        assert found[still].tobytes() == begun[still].tobytes()

    def check_matrices(self, *found):
        for matrix in found:
            assert matrix.shape == (len(self.keys), self.options["vector_size"])
            assert matrix.dtype == np.float32
            assert np.isfinite(matrix).all()
            stride = matrix.strides[0] // matrix.itemsize
            whole = np.lib.stride_tricks.as_strided(matrix, (len(matrix), stride))
            assert not whole[:, matrix.shape[1] :].any(), "padding was written to"

    def check_prediction(self, found):
        assert np.isfinite([p for _, p in found]).all()
        assert all(p >= 0 for _, p in found)
        assert sorted(found, key=lambda pair: -pair[1]) == found
        if len(found) == len(self.keys):
            assert {key for key, _ in found} == set(self.keys)
            assert sum(p for _, p in found) == pytest.approx(1, abs=1e-5)

    def check_scores(self, scores, sentences):
        assert scores.shape == (len(sentences),)
        assert np.isfinite(scores).all()
        assert (scores <= 1e-3).all()


class NativeLife(Life):
    """A ``fastw2v.Model``."""

    initial_scale = 0.5  # new vectors are uniform on ± this / vector_size

    def __init__(self, random, folder):
        super().__init__(random, folder)
        self.kind = self.one_of(*MAKE_TOKEN)
        self.options = options = {
            "vector_size": int(random.integers(1, 41)),
            "window": self.one_of(1, 2, 5, (0, 2), (3, 1), None),
            "shrink_windows": self.chance(0.5),
            "shuffle": self.chance(0.5),
            "architecture": self.one_of("skipgram", "cbow"),
            "objective": self.one_of("negative_sampling", "hierarchical_softmax", "softmax"),
            "negative": int(random.integers(1, 8)),
            "negative_sharing": self.one_of("window", "pair"),
            "cbow_mean": self.chance(0.6),
            "cbow_gradient": self.one_of("exact", "word2vec"),
            "sample": self.one_of(0, 0, 0.02),
            "workers": int(random.integers(1, 4)),
            "kernel": self.one_of("auto", *fastw2v.kernels().available),
            "seed": int(random.integers(1 << 62)),
        }
        if options["window"] is None:  # thousands of contexts: their steps add up, and diverge
            options |= {"alpha": 1e-6, "min_alpha": 1e-6}
        if self.kind == "numbers":
            options["vocabulary"] = "identity"
        else:
            options["min_count"] = int(random.integers(1, 4))
            options["max_vocab_size"] = self.one_of(None, None, 40)
        self.init = self.draw_init()
        self.model = fastw2v.Model(init=self.init or None, **options)

    def draw_init(self):
        if self.chance(0.7):
            return {}
        make, numbers = MAKE_TOKEN[self.kind], self.random.integers(60, size=10).tolist()
        d = self.options["vector_size"]
        return {make(i): self.random.uniform(-0.1, 0.1, d).astype(np.float32) for i in numbers}

    def cycle(self):
        sentences = self.draw_sentences()
        how = self.one_of("fit", "fit", "grow", "count", "train")
        if how == "count" and not any(sentences):
            how = "fit"
        is_tree = self.options["objective"] == "hierarchical_softmax"
        if is_tree and self.keys and np.any(self.model.output_vectors) and how != "train":
            grow = self.one_of(self.model.partial_fit, self.model.grow_vocabulary)
            self.refuse(lambda: grow(sentences), "another Huffman tree")
            how = "train"
        given, is_encoded = self.in_some_form(sentences)
        before = self.keys, self.counts
        if how != "train" or not self.keys:
            self.expect_growth(sentences, whole=is_encoded or how == "count")
        if how == "count":
            self.grow(counted(sentences))
            before = self.keys, self.counts
        if not any(len(sentence) > 1 for sentence in self.known(sentences)):
            self.keys, self.counts = before
            grow = self.model.partial_fit if how in ("fit", "grow") else self.model.train
            self.refuse(lambda: grow(given()))
            return
        if how == "grow":
            self.grow(given())
        self.train(sentences, given, how)
        self.check()
        self.ask(sentences)
        if self.chance(0.2):
            self.save_and_load()

    def in_some_form(self, sentences):
        """Return a function that gives the sentences, and whether all their keys will join."""
        forms = {"list": lambda: sentences, "iterator": lambda: iter(sentences)}
        if self.kind == "words":
            forms["file"] = lambda: self.as_file(sentences)
        if self.kind in ("integers", "numbers"):
            forms["arrays"] = lambda: [np.array(sentence, np.int64) for sentence in sentences]
        if self.keys and any(len(sentence) > 1 for sentence in sentences):
            forms["encoded"] = lambda: fastw2v.encode(sentences, min_count=1, workers=2)
        form = self.one_of(*forms)
        return forms[form], form == "encoded"

    def expect_growth(self, sentences, *, whole):
        """Grow ``keys`` and ``counts`` as the model must grow its vocabulary."""
        found = counted(sentences)
        if self.kind == "numbers":
            new = range(len(self.keys), max(found, default=-1) + 1)
        else:
            least = 1 if whole else self.options["min_count"]
            new = [key for key in found if key not in self.counts and found[key] >= least]
            new.sort(key=lambda key: -found[key])
            most = self.options["max_vocab_size"]
            if most and not whole:
                new = new[: max(most - len(self.keys), 0)]
        self.keys = [*self.keys, *new]
        self.counts = Counter({key: self.counts[key] + found[key] for key in self.keys})

    def begun(self):
        """Return what the input vectors must be once grown, before training."""
        begun = self.initial(len(self.keys))
        old = self.model.input_vectors
        n_old = 0 if old is None else len(old)
        for row, key in enumerate(self.keys):
            if row < n_old:
                begun[row] = old[row]
            elif key in self.init:
                begun[row] = self.init[key]
        return begun

    def grow(self, what):
        """Grow without training."""
        begun, outputs = self.begun(), self.model.output_vectors
        n_old = 0 if outputs is None else len(outputs)
        self.model.grow_vocabulary(what)
        np.testing.assert_array_equal(self.model.input_vectors, begun)
        assert not n_old or np.array_equal(self.model.output_vectors[:n_old], outputs)
        assert not self.model.output_vectors[n_old:].any()
        self.check()

    def train(self, sentences, given, how):
        """Train, and check what can be said of it."""
        model, n_records, epochs = self.model, len(self.model.history), self.one_of(1, 2)
        known, weights = self.known(sentences), np.ones(len(sentences))
        how_much = {"epochs": epochs, "progress": False}
        if self.chance(0.3) and how != "grow":
            weights = self.random.choice([0.0, 0.5, 1.0, 2.0], len(sentences))
            weights[max(range(len(known)), key=lambda n: len(known[n]))] = 1.0
            how_much["weights"] = weights[[bool(sentence) for sentence in sentences]]
        rates = self.draw_rates() if self.chance(0.3) else None
        if rates is not None:
            as_mapping = dict(zip(self.keys, rates.tolist(), strict=True))
            how_much["input_rates"] = self.one_of(rates, as_mapping)
        begun, wv = self.begun(), None if model.vocabulary is None else model.wv
        if how == "fit":
            model.partial_fit(given(), **how_much)
        elif how == "grow":
            model.train(**how_much)
        else:
            model.train(given(), **how_much)
        assert wv is None or model.wv is wv
        examples = [s for s, weight in zip(known, weights, strict=True) if weight and len(s) > 1]
        self.check_inputs(model.input_vectors, begun, counted(examples), rates)
        is_one_each = self.options["architecture"] == "cbow" and not self.options["sample"]
        is_one_each &= not isinstance(self.options["window"], tuple)
        for record in model.history[n_records:]:
            assert record.tokens == sum(map(len, sentences))
            assert np.isfinite(record.loss) == (record.examples > 0)
            assert not is_one_each or record.examples == sum(map(len, examples))
        assert len(model.history) == n_records + epochs

    def refuse(self, call, message=None):
        """Expect an error, and the model as it was."""
        before = self.state()
        with pytest.raises(ValueError, match=message):
            call()
        assert self.state() == before

    def state(self):
        model = self.model
        found = [None if model.vocabulary is None else model.vocabulary.counts.tobytes()]
        for matrix in model.input_vectors, model.output_vectors:
            found.append(None if matrix is None else matrix.tobytes())
        return [*found, str(model.history)]  # a loss may be NaN, which equals nothing

    def check(self):
        model = self.model
        self.check_vocabulary(model.vocabulary.keys, model.vocabulary.counts)
        self.check_vocabulary(model.wv.index_to_key, model.wv.counts)
        self.check_matrices(model.input_vectors, model.output_vectors)
        assert model.wv.vectors is model.input_vectors

    def ask(self, sentences):
        model, key, other = self.model, self.one_of(*self.keys), self.one_of(*self.keys)
        self.check_prediction(model.predict_context(key, None))
        self.check_prediction(model.predict_center([key, other, key], None))
        model.wv.most_similar(key)
        if self.options["objective"] == "negative_sampling":
            with pytest.raises(ValueError, match="probabilities"):
                model.score(sentences)
        else:
            self.check_scores(model.score(sentences), sentences)

    def save_and_load(self):
        path, before = self.folder / "model.safetensors", self.state()
        self.model.save(path)
        self.model, self.init = fastw2v.Model.load(path), {}
        assert self.state() == before
        self.check()


class CompatLife(Life):
    """A ``fastw2v.compat.Word2Vec``."""

    initial_scale = 1.0

    def __init__(self, random, folder):
        super().__init__(random, folder)
        self.kind = self.one_of("words", "integers", "mixed")
        hs = self.one_of(0, 0, 1)
        self.options = {
            "vector_size": int(random.integers(1, 41)),
            "window": int(random.integers(1, 6)),
            "min_count": int(random.integers(1, 4)),
            "sg": self.one_of(0, 1),
            "hs": hs,
            "negative": self.one_of(0, 5) if hs else int(random.integers(1, 8)),
            "cbow_mean": self.one_of(0, 1),
            "sample": self.one_of(0, 0, 0.02),
            "shrink_windows": self.chance(0.5),
            "sorted_vocab": self.one_of(0, 1),
            "workers": int(random.integers(1, 4)),
            "seed": int(random.integers(1 << 31)),
        }
        self.model = Word2Vec(**self.options)

    def outputs(self):
        return {name: getattr(self.model, name) for name in self.model._output_names()}

    def cycle(self):
        model, sentences = self.model, self.draw_sentences()
        given = {"corpus_iterable": sentences}
        if self.kind == "words" and self.chance(0.3):
            given = {"corpus_file": self.as_file(sentences)}
        self.build(sentences, given)
        if not self.keys:
            return
        factors = None
        if self.chance(0.4):
            factors = self.draw_rates()
            model.wv.vectors_lockf = factors
        begun = model.wv.vectors.copy()
        total = {"total_examples": model.corpus_count, "epochs": self.one_of(1, 2)}
        known = self.known(sentences)
        if any(len(sentence) > 1 for sentence in known):
            model.train(**given, **total)
        else:
            with pytest.raises(ValueError, match="token"):
                model.train(**given, **total)
        moving = counted(sentence for sentence in known if len(sentence) > 1)
        self.check_inputs(model.wv.vectors, begun, moving, factors)
        model.wv.vectors_lockf = np.ones(1, np.float32)
        self.check()
        self.ask(sentences)
        if self.chance(0.2):
            self.save_and_load()

    def build(self, sentences, given):
        """Make the vocabulary or let it grow, and check that rows are what they must be."""
        model, options = self.model, self.options
        found = counted(sentences)
        kept = [key for key, count in found.items() if count >= options["min_count"]]
        is_first = not self.keys or self.chance(0.05)
        old_keys = [] if is_first else self.keys
        old = {} if is_first else {name: m.copy() for name, m in self.outputs().items()}
        begun = self.initial(len({*old_keys, *kept}))
        begun[: len(old_keys)] = model.wv.vectors[: len(old_keys)]
        model.build_vocab(**given, update=not is_first)
        before = Counter() if is_first else self.counts
        self.counts = Counter({key: before[key] + found[key] for key in {*old_keys, *kept}})
        self.keys = [*old_keys, *(key for key in kept if key not in before)]
        if is_first and options["sorted_vocab"]:  # equal counts: the last first, as in gensim
            self.keys.sort(key=lambda key: (-found[key], -kept.index(key)))
        assert model.corpus_count == sum(map(bool, sentences))
        assert model.corpus_total_words == sum(map(len, sentences))
        if not self.keys:
            assert len(model.wv) == 0
            return
        np.testing.assert_array_equal(model.wv.vectors, begun)
        for name, outputs in self.outputs().items():
            n_old = 0 if name == "syn1" or is_first else len(old_keys)
            assert not n_old or np.array_equal(outputs[:n_old], old[name])
            assert not outputs[n_old:].any()
        self.check()

    def check(self):
        self.check_vocabulary(self.model.wv.index_to_key, self.model.wv.expandos["count"])
        self.check_matrices(self.model.wv.vectors, *self.outputs().values())
        assert [self.model.wv.key_to_index[key] for key in self.keys] == list(range(len(self.keys)))

    def ask(self, sentences):
        model, key, other = self.model, self.one_of(*self.keys), self.one_of(*self.keys)
        model.wv.most_similar(key)
        if self.options["negative"]:
            self.check_prediction(model.predict_output_word([key, other], len(self.keys)))
        if self.options["hs"]:
            self.check_scores(model.score(sentences), sentences)

    def save_and_load(self):
        path = self.folder / "word2vec.safetensors"
        self.model.save(path)
        before, self.model = self.model, Word2Vec.load(path)
        np.testing.assert_array_equal(self.model.wv.vectors, before.wv.vectors)
        for name, outputs in self.outputs().items():
            np.testing.assert_array_equal(outputs, getattr(before, name))
        assert len(self.model.history) == len(before.history)
        self.check()
