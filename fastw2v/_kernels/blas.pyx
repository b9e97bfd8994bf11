"""Thin Python wrappers over the BLAS routines, so that each can be tested by itself."""

cdef extern from "cblas.h" nogil:
    void openblas_set_num_threads "scipy_openblas_set_num_threads"(int count)
    int openblas_get_num_threads "scipy_openblas_get_num_threads"()
    const char* openblas_get_config "scipy_openblas_get_config"()


def set_num_threads(int count):
    """Set how many threads the vendored OpenBLAS may use in one call."""
    openblas_set_num_threads(count)


def get_num_threads():
    """Return how many threads the vendored OpenBLAS may use in one call."""
    return openblas_get_num_threads()


def config():
    """Return the vendored OpenBLAS's description of itself."""
    return openblas_get_config().decode()


def dot(const float[::1] x, const float[::1] y):
    """Return the inner product of two vectors of one length."""
    if x.shape[0] != y.shape[0]:
        raise ValueError(f"x has {x.shape[0]} values and y has {y.shape[0]}")
    if x.shape[0] == 0:
        return 0.0
    return sdot(<int>x.shape[0], &x[0], 1, &y[0], 1)


def axpy(float scale, const float[::1] x, float[::1] y):
    """Add ``scale * x`` to ``y``, in place."""
    if x.shape[0] != y.shape[0]:
        raise ValueError(f"x has {x.shape[0]} values and y has {y.shape[0]}")
    if x.shape[0]:
        saxpy(<int>x.shape[0], scale, &x[0], 1, &y[0], 1)


def gemm(const float[:, ::1] a, const float[:, ::1] b, float[:, ::1] c, float beta=0.0):
    """Write ``a @ b + beta * c`` to ``c``."""
    if a.shape[1] != b.shape[0] or c.shape[0] != a.shape[0] or c.shape[1] != b.shape[1]:
        raise ValueError("the shapes of a, b and c do not fit c = a @ b")
    if a.shape[0] and b.shape[1]:  # BLAS wants a leading dimension of 1 even where there is none
        sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans,
              <int>a.shape[0], <int>b.shape[1], <int>a.shape[1], 1.0,
              &a[0, 0], <int>max(a.shape[1], 1), &b[0, 0], <int>b.shape[1], beta,
              &c[0, 0], <int>c.shape[1])
