"""numba behind the kernel decorators: one signature a kernel, compiled when first needed, then cached."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import pickle
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numba._dispatcher as _dispatcher
import numpy as np
from numba.core import compiler, config, sigutils
from numba.core.caching import _Cache
from numba.core.codegen import JITCodeLibrary, JITCPUCodegen
from numba.core.compiler_lock import global_compiler_lock
from numba.core.descriptors import TargetDescriptor
from numba.core.registry import CPUDispatcher, cpu_target
from numba.core.serialize import dumps

from physics_fixed import jit, kernel_cache

_VERSIONS = (sys.implementation.cache_tag, numba.__version__, llvmlite.__version__, np.__version__)
_FLOAT_TYPE = re.compile(r"float|complex")
_FLOAT_WORD = re.compile(r'(?<![\w.$\\"%@])(double|float|half|bfloat|fp128|x86_fp80)(?![\w.$])')
_sources = kernel_cache.Sources()
_declared: list[Kernel] = []


class _CalleeLibrary(JITCodeLibrary):  # type: ignore[misc]
    """The code of a kernel that only kernels call: kept as it was lowered, for its callers to take in.

    Neither optimised as a module nor made machine code of: both happen in the entry kernels, with all that
    they call before them. That nearly halves the time of a cold compile.
    """

    def _optimize_final_module(self) -> None: ...

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        self._ensure_finalized()
        return 0

    def serialize_using_object_code(self) -> Any:
        return self.serialize_using_bitcode()


class _KernelCodegen(JITCPUCodegen):  # type: ignore[misc]
    """Machine code for any processor of this machine's family, unless NUMBA_CPU_NAME asks for another.

    As fast as code for exactly this processor (measured on the solver's loops), and one cache serves every
    machine of the family: a home folder that moves, or a container that wakes up elsewhere, compiles nothing.
    Only kernels are affected, not what else a program compiles with numba.
    """

    for_callee = False
    """What is being compiled or loaded is called by kernels only."""

    def create_library(self, name: str, **options: Any) -> Any:
        return (_CalleeLibrary if self.for_callee else self._library_class)(self, name, **options)

    def set_env(self, env_name: str, env: Any) -> None:
        if not self.for_callee:  # what is no machine code has no place for it, and kernels use none
            super().set_env(env_name, env)

    def _get_host_cpu_name(self) -> str:
        return config.CPU_NAME or "generic"

    def _get_host_cpu_features(self) -> str:
        if config.CPU_NAME is None and config.CPU_FEATURES is None:
            return ""
        features: str = super()._get_host_cpu_features()
        return features


class _KernelTarget(TargetDescriptor):  # type: ignore[misc]
    """numba's processor target with another generator of machine code."""

    options = cpu_target.options
    typing_context = cpu_target.typing_context
    target_context = cpu_target.target_context.subtarget(_internal_codegen=_KernelCodegen("lockstep"))


class _KernelCache(_Cache):  # type: ignore[misc]
    """One kernel's file in the cache folder."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._path: Path | None = None

    def path(self, target_context: Any) -> Path:
        """The kernel's file, whether it exists or not."""
        if self._path is None:
            self._path = self._make_path(target_context)
        return self._path

    def _make_path(self, target_context: Any) -> Path:
        kernel = self._kernel
        parts = (
            kernel.__module__,
            kernel.__qualname__,
            kernel.signature_text,
            kernel.kind,
            _sources.digest(kernel.__module__).hex(),
            repr(_VERSIONS),
            repr(target_context.codegen().magic_tuple()),
            repr(sorted(kernel.targetoptions.items())),
        )
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
        return (
            kernel_cache.cache_folder()
            / "kernels"
            / f"{kernel.__module__}.{kernel.__qualname__}-{key}.kernel"
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        target_context.refresh()
        payload = kernel_cache.load(self.path(target_context))
        if payload is None:
            return None
        return compiler.CompileResult._rebuild(target_context, *pickle.loads(payload))

    def save_overload(self, sig: Any, data: Any) -> None:
        assert not data.library.has_dynamic_globals, (
            f"{self._kernel.__qualname__} holds an address of this process"
        )
        kernel_cache.save(self.path(data.target_context), dumps(data._reduce()))

    @property
    def cache_path(self) -> str:
        return str(kernel_cache.cache_folder())

    def enable(self) -> None: ...

    def disable(self) -> None: ...

    def flush(self) -> None: ...


class Kernel(CPUDispatcher):  # type: ignore[misc]
    """A function with exactly one compiled specialisation, made or loaded when it is first needed."""

    targetdescr = _KernelTarget("cpu")
    signature_text: str
    kind: str
    entry: Callable[..., Any] | None = None
    """What Python calls, without a look at types; None as long as it is not compiled."""

    def __init__(self, py_func: Callable[..., Any], *options: Any, **named_options: Any) -> None:
        super().__init__(py_func, *options, **named_options)
        names = tuple(inspect.signature(py_func).parameters)
        # Again, for the last argument, which numba has no way to set: only exact types match. Otherwise a
        # float that Python passes for an int64 would be cut off without a word.
        _dispatcher.Dispatcher.__init__(
            self, self._tm.get_pointer(), len(names), True, names, (), False, False, True
        )

    def ensure_compiled(self) -> None:
        """Compile the kernel, or load it from the cache, unless that has been done."""
        if self.overloads:
            return
        with global_compiler_lock:  # perhaps another thread has been faster
            self._compile_once()

    def _compile_once(self) -> None:
        if not self.overloads:
            codegen = self.targetctx.codegen()
            # A callee that its caller's types ask for is compiled in the middle of its caller.
            outer, codegen.for_callee = codegen.for_callee, self.kind != "entry"
            try:
                self.compile(self.signature_text)
            finally:
                codegen.for_callee = outer
            if not self.was_loaded:
                self._refuse_floats()
            # Without this a literal argument would compile a second specialisation (physics: trap 5).
            self.disable_compile()
            if self.kind == "entry":
                (result,) = self.overloads.values()
                self.entry = result.entry_point

    def _refuse_floats(self) -> None:
        """Look through what was just compiled: code from the cache can be looked at no more."""
        (result,) = self.overloads.values()
        found = [
            f"variable {variable} is {its_type}"
            for variable, its_type in result.type_annotation.typemap.items()
            if _FLOAT_TYPE.search(str(its_type))
        ]
        if self.kind == "entry":  # with the code of all that it calls
            text = re.sub(r"(?m)^!.*$", "", result.library.get_llvm_str())
            found += [f"its code has the word {word}" for word in sorted(set(_FLOAT_WORD.findall(text)))]
        if found:
            with contextlib.suppress(OSError):
                self._cache.path(self.targetctx).unlink()
            raise TypeError(f"kernel {self.__qualname__} holds a float: {'; '.join(found)}")

    @property
    def is_compiled(self) -> bool:
        """True if the compiled code is in this process."""
        return bool(self.overloads)

    @property
    def is_cached(self) -> bool:
        """True if the cache has a file for this kernel as it is."""
        path: Path = self._cache.path(self.targetctx)
        return path.exists()

    @property
    def was_loaded(self) -> bool:
        """True if the compiled code came from the cache."""
        return bool(self._cache_hits)

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Typing of a call from another kernel."""
        self.ensure_compiled()
        return super().get_call_template(args, kws)

    def _compile_for_args(self, *args: Any, **kws: Any) -> Any:
        # Reached from a Python call that found no matching specialisation.
        if not self.overloads:
            self.ensure_compiled()
        (result,) = self.overloads.values()
        given = tuple(self.typeof_pyval(value) for value in args)
        self._types_active_call.clear()
        if given != tuple(result.signature.args):
            raise TypeError(
                f"kernel {self.__qualname__} takes {', '.join(map(str, result.signature.args))}; "
                f"got {', '.join(map(str, given))}"
            )
        return result.entry_point


class DeviceKernel(Kernel):
    """A kernel for kernels, without a Python wrapper; a call from Python runs it in the interpreter."""

    def __call__(self, *args: Any) -> Any:
        return self.py_func(*args)


_OPTIONS: dict[str, dict[str, bool]] = {
    "entry": {"no_cfunc_wrapper": True},
    "device": {"no_cfunc_wrapper": True, "no_cpython_wrapper": True},
    "inline": {"no_cfunc_wrapper": True, "no_cpython_wrapper": True, "forceinline": True},
    "form": {},
}


def declare(function: Callable[..., Any], signature: str, kind: str) -> Kernel:
    """Make a kernel of a function; nothing is compiled yet."""
    options: dict[str, object] = {
        "nopython": True,
        "nogil": True,
        "boundscheck": jit.BOUNDS_CHECKED,
        "error_model": "numpy",
        # Kernels own no memory, so arrays need no counts of references, which are atomic and so slow.
        "_nrt": False,
        **_OPTIONS[kind],
    }
    _sources.read(function.__module__)
    _, return_type = sigutils.normalize_signature(signature)
    assert return_type is not None, (
        f"kernel {function.__qualname__}: the signature {signature!r} has no return type"
    )
    made = (Kernel if kind == "entry" else DeviceKernel)(function, targetoptions=options)
    made.signature_text = signature
    made.kind = kind
    made._cache = _KernelCache(made)
    if kind != "form":
        _declared.append(made)
    return made


def declared_kernels() -> tuple[Kernel, ...]:
    """All kernels declared so far, in the order of declaration."""
    return tuple(_declared)
