"""The BLAS routines that the kernels call, from the vendored OpenBLAS.

Its symbols carry the prefix ``scipy_``, which the names here leave out. In BLAS's own signatures
``alpha`` and ``beta`` are scalars; a learning rate is never called alpha in a kernel.
"""

cdef extern from "cblas.h" nogil:
    enum CBLAS_ORDER:
        CblasRowMajor
    enum CBLAS_TRANSPOSE:
        CblasNoTrans
        CblasTrans

    float sdot "scipy_cblas_sdot"(int n, const float* x, int incx, const float* y, int incy)
    void saxpy "scipy_cblas_saxpy"(
        int n, float alpha, const float* x, int incx, float* y, int incy)
    void sgemm "scipy_cblas_sgemm"(
        CBLAS_ORDER order, CBLAS_TRANSPOSE trans_a, CBLAS_TRANSPOSE trans_b,
        int m, int n, int k, float alpha, const float* a, int lda,
        const float* b, int ldb, float beta, float* c, int ldc)
