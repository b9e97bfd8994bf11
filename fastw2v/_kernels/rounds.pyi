from fastw2v._kernels.kernel import Kernel, Scratch

ROUND: int
MOST_MEMBERS: int

class Rounds:
    scratch: Scratch
    nbytes: int
    def __init__(self, kernel: Kernel, n_members: int) -> None: ...
    def stop(self) -> None: ...
    def train(
        self, member: int, epoch: int, begin: int, end: int, progress: float = 0.0
    ) -> None: ...
