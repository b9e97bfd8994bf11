"""Build the native kernels and vendor the BLAS that they call; everything else is pyproject.toml.

``scipy-openblas32`` is needed to build, not to run: its authors ask that packages other than NumPy
and SciPy do not depend on it, and importing it beside SciPy was seen to replace SciPy's own BLAS
symbols. So its shared library is copied into ``fastw2v/_libs`` and the extensions find it there
through a relative run path, which stays true after the build environment is gone.
"""

import os
import shutil
import sys
from importlib.metadata import files
from pathlib import Path

import scipy_openblas32
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PACKAGE = Path("fastw2v")
KERNELS = PACKAGE / "_kernels"
WITH_BLAS = {"blas", "negative_sampling", "softmax"}

if sys.platform == "win32":
    COMPILE_ARGS, RUN_PATH = ["/O2"], []  # fastw2v/_kernels/__init__.py adds the DLL folder
elif sys.platform == "darwin":
    COMPILE_ARGS, RUN_PATH = ["-O3"], ["-Wl,-rpath,@loader_path/../_libs"]
else:
    COMPILE_ARGS, RUN_PATH = ["-O3"], ["-Wl,-rpath,$ORIGIN/../_libs"]


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
        depends=[str(header) for header in KERNELS.glob("*.h")],
        extra_compile_args=COMPILE_ARGS,
        **blas,
    )


class BuildWithOpenBLAS(build_ext):
    """``build_ext`` that also copies OpenBLAS and its licence beside the extensions."""

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
            "freethreading_compatible": True,
        },
    ),
    cmdclass={"build_ext": BuildWithOpenBLAS},
)
