"""``train``: rates, callbacks, the loss, and the faults that gensim's users report."""

import copy

import numpy as np
import pytest

from fastw2v.compat import CallbackAny2Vec, Word2Vec

MORE = [["w0", "new", "newer"], ["new", "w1", "new"]] * 3


def rates(model):
    return [record.lr for record in model.history]


def again(model, sentences, **options):
    return model.train(sentences, **{"total_examples": 1, "epochs": 2, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": None}, "epochs"),
        ({"epochs": 0}, "epochs"),
        ({"total_examples": None}, "total_examples"),
    ],
)
def test_what_train_must_be_given(make, sentences, options, message):
    with pytest.raises(ValueError, match=message):
        again(make(), sentences, **options)


def test_no_other_arguments(make, sentences):
    model = make()
    before = model.wv.vectors.copy()
    with pytest.raises(TypeError, match="unexpected keyword argument 'end_aplha'"):
        again(model, sentences, end_aplha=0.001)
    np.testing.assert_array_equal(model.wv.vectors, before)


def test_totals_have_no_effect(make, sentences):
    found = []
    for totals in ({"total_examples": 7}, {"total_words": 10**9, "total_examples": None}):
        model = make()
        again(model, sentences, **totals, word_count=5, queue_factor=9, report_delay=0.1)
        found.append(model.wv.vectors)
    np.testing.assert_array_equal(*found)


def test_what_is_counted(make, sentences):
    model = make(sample=1e-2)
    trained, raw = again(model, [*sentences, ["unknown", "w0"]], epochs=3)
    assert raw == 3 * 1602
    assert 0 < trained < 3 * 1601
    vocabulary = model._vocabulary()
    share = vocabulary.sampled_share(1e-2)
    assert trained == round(3 * 1601 * share)


def test_rates_fall_over_all_epochs(make):
    assert rates(make(epochs=4, alpha=0.04, min_alpha=0.02)) == pytest.approx(
        [0.035, 0.03, 0.025, 0.02]
    )


def test_repeated_calls_begin_their_rates_anew(make, sentences):
    model = make()
    again(model, sentences)
    again(model, sentences, start_alpha=0.01, end_alpha=0.004)
    assert rates(model) == pytest.approx([0.01255, 0.0001, 0.01255, 0.0001, 0.007, 0.004])
    assert (model.alpha, model.min_alpha) == (0.01, 0.004)
    assert model.train_count == 3


def test_a_rate_that_rises_again_is_warned_of(make, sentences, caplog):
    model = make()
    caplog.clear()
    again(model, sentences, start_alpha=0.0001)
    assert not caplog.records
    again(model, sentences, start_alpha=0.05)
    assert "Effective 'alpha' higher than previous training cycles" in caplog.text


def test_rates_managed_by_hand(make, sentences):
    """The loop of old examples, down to 0."""
    model, steps = make(), []
    for rate in (0.02, 0.01, 0.0):
        model.alpha = model.min_alpha = rate
        before = model.wv.vectors.copy()
        again(model, sentences, epochs=1)
        steps.append(np.abs(model.wv.vectors - before).max())
    assert rates(model)[2:] == pytest.approx([0.02, 0.01, 0.0])
    assert steps[0] > steps[1] > steps[2] == 0


def test_an_explicit_rate_of_0_trains_nothing(make, sentences):
    model = make()
    before = model.wv.vectors.copy(), model.syn1neg.copy()
    again(model, sentences, start_alpha=0)
    np.testing.assert_array_equal(model.wv.vectors, before[0])
    np.testing.assert_array_equal(model.syn1neg, before[1])
    assert model.alpha == model.min_alpha == 0
    assert model.history[-1].loss > 0


def test_an_end_below_the_start_is_the_rate(make, sentences):
    model = make()
    again(model, sentences, start_alpha=0.01, end_alpha=0.02)
    assert rates(model)[2:] == pytest.approx([0.02, 0.02])


# Loss ---------------------------------------------------------------------------------------------


def test_no_loss_before_training():
    assert Word2Vec().get_latest_training_loss() == 0.0


@pytest.mark.parametrize("options", [{}, {"sg": 1}, {"hs": 1, "negative": 0}, {"hs": 1}])
@pytest.mark.parametrize("compute_loss", [True, False])
def test_the_loss_is_there_whether_it_was_asked_for_or_not(make, options, compute_loss):
    model = make(compute_loss=compute_loss, **options)
    total = sum(record.loss * record.examples for record in model.history)
    assert model.get_latest_training_loss() == pytest.approx(total)
    assert total > 0


def test_the_loss_adds_up_over_a_calls_epochs_and_begins_anew(make, sentences):
    seen = []

    class Watch(CallbackAny2Vec):
        def on_epoch_end(self, model):
            seen.append(model.get_latest_training_loss())

    model = make(callbacks=[Watch()], epochs=3)
    again(model, sentences, callbacks=[Watch()])
    means = [record.loss * record.examples for record in model.history]
    expected = [*np.cumsum(means[:3]), *np.cumsum(means[3:])]
    assert seen == pytest.approx(expected)


def test_the_loss_grows_beyond_what_a_float32_counts(make, sentences):
    """gensim's sticks at 2 ** 27 = 134217728, where adding a loss rounds to nothing."""

    class Watch(CallbackAny2Vec):
        def on_epoch_begin(self, model):
            model.running_training_loss += 134217728.0

    model = make(callbacks=[Watch()], epochs=1)
    record = model.history[0]
    found = model.get_latest_training_loss()
    assert found == pytest.approx(134217728.0 + record.loss * record.examples, rel=1e-12)
    assert found > 134217728.0


# Vocabulary ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"sg": 1}, {"hs": 1, "negative": 0}, {"hs": 1}])
@pytest.mark.parametrize("n_lock_factors", [1, 30])
def test_growing_and_training_does_not_crash(make, options, n_lock_factors):
    """gensim reads lock factors beyond the end of an array that did not grow."""
    model = make(workers=2, **options)
    model.wv.vectors_lockf = np.zeros(n_lock_factors, np.float32)
    before = model.wv.vectors.copy()
    for _ in range(3):
        model.build_vocab(MORE, update=True)
        again(model, MORE)
    np.testing.assert_array_equal(model.wv.vectors[:30], before)
    assert len(model.wv.vectors_lockf) == (1 if n_lock_factors == 1 else 32)
    if n_lock_factors == 30:
        assert model.wv.vectors_lockf[30:].tolist() == [1, 1]


def test_subsampling_after_growing_goes_by_all_counts(make, sentences):
    """gensim takes the last batch's counts for the whole corpus's."""
    model = make(sample=1e-2)
    model.build_vocab(MORE, update=True)
    vocabulary = model._vocabulary()
    counts = np.array([model.wv.get_vecattr(key, "count") for key in model.wv.index_to_key])
    assert counts.sum() == 1600 + 18
    assert vocabulary.counts.tolist() == counts.tolist()
    trained, raw = again(model, MORE, epochs=1)
    share = vocabulary.sampled_share(model._native_sample())
    assert (trained, raw) == (round(18 * share), 18)


def test_sentences_without_two_known_words_train_nothing(make, caplog):
    """Loops over small batches meet such, and gensim's own tutorial has one."""
    calls = []

    class Watch(CallbackAny2Vec):
        def on_train_begin(self, model):
            calls.append("begin")

        def on_epoch_end(self, model):
            calls.append("epoch")

        def on_train_end(self, model):
            calls.append("end")

    model = make()
    before = model.wv.vectors.copy(), model.syn1neg.copy(), model.history[:]
    assert again(model, [["w0"], ["unknown", "w1"]], callbacks=[Watch()]) == (0, 6)
    assert "no sentence has two tokens of the vocabulary" in caplog.text
    assert calls == ["begin", "epoch", "epoch", "end"]
    np.testing.assert_array_equal(model.wv.vectors, before[0])
    np.testing.assert_array_equal(model.syn1neg, before[1])
    assert model.history == before[2]
    assert len(make([["a"], ["b"]]).wv) == 2


@pytest.mark.parametrize("nothing", [[], [[]]])
def test_sentences_without_a_token_are_an_error(make, nothing):
    with pytest.raises(ValueError, match="not one token"):
        again(make(), nothing)


def test_an_iterator_that_is_used_up_is_an_error(sentences):
    model, once = Word2Vec(min_count=1, vector_size=4), iter(sentences)
    model.build_vocab(once)
    with pytest.raises(ValueError, match="an iterator gives its sentences once"):
        again(model, once)


def test_another_iterator_does(make, sentences):
    model = Word2Vec(vector_size=8, min_count=1, sample=0, workers=1)
    model.build_vocab(iter(sentences))
    again(model, iter(sentences))
    np.testing.assert_array_equal(model.wv.vectors, make().wv.vectors)


def test_much_subsampling_is_warned_of_once(make, sentences, caplog):
    model = make(sample=1e-4, epochs=3)
    again(model, sentences)
    assert caplog.text.count("subsampling keeps only") == 1


# Lock factors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"sg": 1}, {"hs": 1, "negative": 0}, {"hs": 1}])
def test_rows_with_a_factor_of_0_keep_their_bits(make, sentences, options):
    model = make(**options)
    model.wv.vectors_lockf = np.ones(30, np.float32)
    model.wv.vectors_lockf[[0, 7]] = 0
    before = model.wv.vectors.copy()
    again(model, sentences)
    changed = (model.wv.vectors != before).any(axis=1)
    assert changed.tolist() == [row not in (0, 7) for row in range(30)]


def test_one_factor_is_for_all_rows(make, sentences):
    model = make()
    before, outputs = model.wv.vectors.copy(), model.syn1neg.copy()
    model.wv.vectors_lockf[0] = 0
    again(model, sentences)
    np.testing.assert_array_equal(model.wv.vectors, before)
    assert (model.syn1neg != outputs).any()


def test_more_factors_than_rows_are_refused(make, sentences):
    model = make()
    model.wv.vectors_lockf = np.ones(31, np.float32)
    with pytest.raises(ValueError, match="vectors_lockf has 31 values for 30 rows"):
        again(model, sentences)


# Callbacks and matrices ---------------------------------------------------------------------------


def test_a_callback_may_stop_training(make, sentences):
    class Stop(CallbackAny2Vec):
        def on_epoch_end(self, model):
            raise StopIteration("enough")

    model = make()
    before = model.wv.vectors.copy()
    with pytest.raises(StopIteration, match="enough"):
        again(model, sentences, epochs=9, callbacks=[Stop()])
    assert len(model.history) == 3
    assert (model.wv.vectors != before).any()
    again(model, sentences)


def test_a_callback_may_save_and_change_the_rate(make, sentences, tmp_path):
    class Halve(CallbackAny2Vec):
        def on_epoch_end(self, model):
            model.save(tmp_path / f"{len(model.history)}")
            model.alpha = model.min_alpha = model.history[-1].lr / 2

    model = make(callbacks=[Halve()], epochs=3, alpha=0.02, min_alpha=0.02)
    assert rates(model) == pytest.approx([0.02, 0.01, 0.005])
    assert len(Word2Vec.load(tmp_path / "2").history) == 2


@pytest.mark.parametrize("options", [{}, {"max_vocab_size": 10**6}])
def test_a_copy_made_while_the_constructor_trains_reads_what_it_is_given(
    make, sentences, tmp_path, options
):
    copies = []

    class Keep(CallbackAny2Vec):
        def on_epoch_end(self, model):
            model.save(tmp_path / "m")
            copies.extend([Word2Vec.load(tmp_path / "m"), copy.deepcopy(model)])

    model = make(callbacks=[Keep()], epochs=1, **options)
    for one in (model, *copies):
        one.build_vocab(MORE, update=True)
        assert again(one, sentences, epochs=1)[1] == 1600


def test_a_subclass_may_count_something_else(make, sentences):
    class Mine(Word2Vec):
        def build_vocab(self, *arguments, **options):
            super().build_vocab(*arguments, **options)
            super().build_vocab(MORE, update=True)

    model = Mine(sentences, vector_size=8, min_count=1)
    assert "newer" in model.wv
    assert [record.tokens for record in model.history] == [1600] * 5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_matrices_of_ones_own_are_trained(make, sentences, dtype):
    model, other = make(), make()
    model.wv.vectors = np.array(other.wv.vectors, dtype)
    model.syn1neg = np.array(other.syn1neg, dtype)
    for one in model, other:
        again(one, sentences)
    np.testing.assert_array_equal(model.wv.vectors, other.wv.vectors)
    np.testing.assert_array_equal(model.syn1neg, other.syn1neg)


def test_vectors_may_be_written_to_before_training(sentences):
    model = Word2Vec(vector_size=8, min_count=1, workers=1, alpha=1e-9, min_alpha=0)
    model.build_vocab(sentences)
    vectors = model.wv.vectors
    vectors[3] = 5
    again(model, sentences)
    assert model.wv.vectors is vectors
    assert model.wv.vectors[3] == pytest.approx(5, abs=1e-3)


def test_vectors_without_a_model_can_not_be_trained(make, sentences):
    model = Word2Vec(vector_size=8)
    model.wv = make().wv.copy()
    with pytest.raises(TypeError, match="syn1neg must be an array"):
        again(model, sentences)
    model = make()
    model.syn1neg = np.ones((31, 8), np.float32)
    with pytest.raises(ValueError, match="syn1neg must have a row"):
        again(model, sentences)


def test_training_goes_on_after_vectors_were_added(make, sentences):
    model, other = make(), make()
    model.wv.add_vectors(["new"], np.ones((1, 8)))
    assert "new" in dict(model.predict_output_word(["w0"], topn=31))
    assert again(model, sentences) == again(other, sentences)
    assert model.wv["new"].tolist() == [1] * 8
    assert model.syn1neg.shape == (31, 8)
    assert not model.syn1neg[30].any()
    np.testing.assert_allclose(model.wv.vectors[:30], other.wv.vectors, atol=0.05)
    assert again(model, [["new", "w0"]], epochs=1) == (2, 2)
    assert (model.wv["new"] != 1).any()


def test_a_tree_lacks_vectors_that_were_added(make, sentences):
    model = make(hs=1, negative=0)
    model.wv.add_vectors(["new"], np.ones((1, 8)))
    with pytest.raises(ValueError, match=r"syn1 must have a row.*build_vocab"):
        again(model, sentences)


# What is asked ------------------------------------------------------------------------------------


def test_predictions(make):
    model = make(epochs=20)
    found = model.predict_output_word(["w0", "w1"], topn=4)
    assert len(found) == 4
    assert [key in model.wv for key, _ in found] == [True] * 4
    probabilities = [p for _, p in found]
    assert probabilities == sorted(probabilities, reverse=True)
    assert 0 < sum(probabilities) <= 1
    everything = model.predict_output_word(["w0", "w1"], topn=30)
    assert sum(p for _, p in everything) == pytest.approx(1, abs=1e-5)
    rows = [model.wv.get_index(key) for key in ("w0", "w1")]
    assert model.predict_output_word(rows, topn=4) == found
    assert model.predict_output_word([rows[0], "w1", "unknown"], topn=4) == found
    assert model.predict_output_word(["w0"], topn=0) == []


def test_no_predictions(make, caplog):
    assert make().predict_output_word(["unknown"]) is None
    assert "out-of-vocabulary" in caplog.text
    with pytest.raises(RuntimeError, match="negative sampling"):
        make(hs=1, negative=0).predict_output_word(["w0"])


def test_scores(make, sentences):
    model = make(hs=1, negative=0)
    scores = model.score(sentences[:5], total_sentences=5)
    assert scores.shape == (5,)
    assert (scores < 0).all()
    np.testing.assert_allclose(model.score(iter(sentences[:5]), chunksize=1), scores)
    with pytest.raises(RuntimeError, match="hs=1"):
        make().score(sentences)
    with pytest.raises(RuntimeError, match="first build vocabulary"):
        Word2Vec(hs=1, negative=0).score(sentences)
