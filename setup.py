"""Build the native kernels and vendor the BLAS that they call; everything else is pyproject.toml.

``scipy-openblas32`` is needed to build, not to run: its authors ask that packages other than NumPy
and SciPy do not depend on it, and importing it beside SciPy was seen to replace SciPy's own BLAS
symbols. So its shared library is copied into ``fastw2v/_libs`` and the extensions find it there
through a relative run path, which stays true after the build environment is gone.
"""

import os
import shutil
import sys
import sysconfig
from importlib.metadata import files
from pathlib import Path

import scipy_openblas32
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PACKAGE = Path("fastw2v")
KERNELS = PACKAGE / "_kernels"
HEADERS = [str(header) for header in KERNELS.glob("**/*.h")]
WITH_BLAS = {"blas", "updates", "softmax", "nearest", "path_probability"}
WITH_VECTOR_KERNELS = {"updates", "nearest", "quantized"}


if sys.platform == "win32":
    COMPILE_ARGS, RUN_PATH = ["/O2"], []  # fastw2v/_kernels/__init__.py adds the DLL folder
elif sys.platform == "darwin":
    COMPILE_ARGS, RUN_PATH = ["-O3"], ["-Wl,-rpath,@loader_path/../_libs"]
else:
    COMPILE_ARGS, RUN_PATH = ["-O3"], ["-Wl,-rpath,$ORIGIN/../_libs"]


def vector_kernels() -> tuple[list[str], dict[str, list[str]]]:
    """Return the macros that ``simd/compiled.h`` knows, and each kernel's file with its flags."""
    if sys.platform == "win32":
        return [], {}  # vector types are GCC's and Clang's
    machine = sysconfig.get_platform().rpartition("-")[2]
    # A universal2 build for macOS gets the generic kernel alone: flags are for one machine.
    macros, kernels = ["FASTW2V_GENERIC_KERNEL"], {"generic": []}
    if machine in {"x86_64", "amd64"}:
        avx2 = ["-mavx2", "-mfma"]
        kernels |= {"avx2": avx2, "avx512": [*avx2, "-mavx512f", "-mavx512dq"]}
        macros.append("FASTW2V_X86_KERNELS")
    elif machine in {"aarch64", "arm64"}:
        kernels |= {"neon": []}
        macros.append("FASTW2V_ARM_KERNELS")
    return macros, kernels


MACROS, VECTOR_KERNELS = vector_kernels()


def extension(source: Path) -> Extension:
    """One kernel module, linked with BLAS where it calls it."""
    blas = (
        {
            "library_dirs": [scipy_openblas32.get_lib_dir()],
            "libraries": [scipy_openblas32.get_library()],
            "extra_link_args": RUN_PATH,
        }
        if source.stem in WITH_BLAS
        else {}
    )
    return Extension(
        ".".join(source.with_suffix("").parts),
        [str(source)],
        include_dirs=[str(KERNELS), scipy_openblas32.get_include_dir()],
        depends=[*HEADERS, *map(str, KERNELS.glob("simd/*.c")), __file__],
        define_macros=[(macro, "1") for macro in MACROS],
        extra_compile_args=COMPILE_ARGS,
        **blas,
    )


class BuildKernels(build_ext):
    """``build_ext`` that also compiles the vector kernels, and copies OpenBLAS with its licence."""

    def build_extensions(self) -> None:
        """Compile each vector kernel with its own flags, and link them into what lists them."""
        objects = []
        for name, flags in VECTOR_KERNELS.items():
            objects += self.compiler.compile(
                [str(KERNELS / "simd" / f"{name}.c")],
                output_dir=self.build_temp,
                depends=HEADERS,
                extra_postargs=[*COMPILE_ARGS, *flags],
            )
        for ext in self.extensions:
            if ext.name.rpartition(".")[2] in WITH_VECTOR_KERNELS:
                ext.extra_objects += objects
        super().build_extensions()

    def run(self) -> None:
        """Build, then copy."""
        self.parallel = self.parallel or os.cpu_count()
        super().run()
        in_place = self.inplace or getattr(self, "editable_mode", False)
        target = Path("" if in_place else self.build_lib, "fastw2v", "_libs")
        target.mkdir(parents=True, exist_ok=True)
        for library in Path(scipy_openblas32.get_lib_dir()).glob("*scipy_openblas.*"):
            if library.suffix in {".so", ".dylib", ".dll"}:
                shutil.copy2(library, target)
        for dll in Path(scipy_openblas32.get_lib_dir()).parent.glob("**/*.dll"):
            shutil.copy2(dll, target)
        licence = next(f for f in files("scipy-openblas32") or [] if f.name.startswith("LICENSE"))
        shutil.copy2(Path(licence.locate()), target / "LICENSE-OpenBLAS.txt")


setup(
    ext_modules=cythonize(
        [extension(source) for source in sorted(PACKAGE.glob("*/*.pyx"))],
        build_dir="build/cython",
        compiler_directives={
            "language_level": 3,
            "boundscheck": False,
            "wraparound": False,
            "cdivision": True,
            "initializedcheck": False,
        },
    ),
    cmdclass={"build_ext": BuildKernels},
)
