"""``CallbackAny2Vec``: what training calls at the start and the end of itself and of each epoch."""

from __future__ import annotations

from typing import Any


class CallbackAny2Vec:
    """A base class to derive callbacks from; each method does nothing.

    They are called on the thread that called ``train``, while no worker runs: the model may be
    read, saved and written to. An exception ends training, with the model as it then is.
    """

    def on_train_begin(self, model: Any) -> None:
        """Before the first epoch of a call of ``train``."""

    def on_epoch_begin(self, model: Any) -> None:
        """Before each epoch."""

    def on_epoch_end(self, model: Any) -> None:
        """After each epoch."""

    def on_train_end(self, model: Any) -> None:
        """After the last epoch of a call of ``train``."""
