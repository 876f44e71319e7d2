"""Machine code of far calls, see :mod:`physics_fixed.far_calls`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import cgutils, sigutils
from numba.core import types as numba_types
from numba.core.errors import TypingError
from numba.core.typing import signature
from numba.extending import lower_builtin, type_callable
from numba.np.arrayobj import populate_array
from numba.np.numpy_support import as_dtype

types: Any = numba_types  # made at run time, in part
_I64 = ir.IntType(64)
_WORDS = types.Array(types.int64, 1, "C")

Value = Any  # ir.Value
Builder = Any  # ir.IRBuilder


class Form(NamedTuple):
    """What an argument must be: an array, or a tuple of parts, or else an int."""

    name: str
    dtype: np.dtype[Any] | None
    ndim: int
    parts: tuple[Form, ...]


Known = dict[int, tuple[str, tuple[int, ...]]]
"""Arrays by their id: the name of what they are, and their words."""

_known: dict[Any, tuple[int, tuple[Form, ...]]] = {}


def address_of(function: Any) -> tuple[int, tuple[Form, ...]]:
    """Where the machine code of a kernel is, or 0 for a form, which is never compiled; and what it takes."""
    if function not in _known and function.kind == "form":
        wanted, _ = sigutils.normalize_signature(function.signature_text)
        _known[function] = 0, tuple(_form_of(kind) for kind in wanted)
    if function not in _known:
        function.ensure_compiled()
        ((wanted, result),) = function.overloads.items()
        if function.kind != "entry":
            raise TypeError(f"{function} has no address; allowed: kernels that Python calls, too")
        address = int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))
        _known[function] = address, tuple(_form_of(kind) for kind in wanted)
    return _known[function]


def _form_of(kind: Any) -> Form:
    if isinstance(kind, types.BaseTuple):
        return Form(sys.intern(str(kind)), None, 0, tuple(_form_of(part) for part in kind))
    if isinstance(kind, types.Array):
        return Form(sys.intern(str(kind)), as_dtype(kind.dtype), kind.ndim, ())
    assert kind == types.int64, kind
    return Form(sys.intern(str(kind)), None, 0, ())


def add_words(form: Form, given: Any, words: list[int], known: Known, found: Known) -> None:
    """Add an argument as words. Raises TypeError if it is something else.

    Parameters
    ----------
    known, found : dict
        Arrays that live; ``found`` gets those that are used.
    """
    if form.dtype is not None:
        name = id(given)
        entry = found.get(name) or known.get(name)
        if entry is not None and entry[0] is form.name:
            found[name] = entry
            words += entry[1]
            return
        fits = (
            isinstance(given, np.ndarray)
            and given.dtype == form.dtype
            and given.ndim == form.ndim
            and given.flags.c_contiguous
        )
        if fits:
            mine = given.__array_interface__["data"][0], *given.shape
            found[name] = form.name, mine
            words += mine
            return
    elif form.parts:
        if isinstance(given, tuple) and len(given) == len(form.parts):
            for part, value in zip(form.parts, given, strict=True):
                add_words(part, value, words, known, found)
            return
    elif isinstance(given, int):
        words.append(given)
        return
    raise TypeError(f"an argument is {given!r}; allowed: {form.name}")


def register_far_call(call_far: Callable[..., Any]) -> None:
    """Register the typing and the machine code of a call."""

    @type_callable(call_far)  # type: ignore[untyped-decorator]
    def rule(context: Any) -> Callable[..., Any]:
        def typer(bundle: Any, number: Any, function: Any, first: Any) -> Any:
            if not isinstance(function, types.Dispatcher) or not isinstance(first, types.BaseTuple):
                raise TypingError(f"call_far: {function} with {first}; allowed: a kernel, a tuple")
            if bundle != _WORDS:
                raise TypingError(f"call_far: the bundle is {bundle}; allowed: {_WORDS}")
            wanted, result = _types_of(function)
            given = tuple(types.unliteral(each) for each in first)
            if given != wanted[: len(given)]:
                raise TypingError(f"call_far: {function} takes {wanted}, got {given}")
            return signature(result, _WORDS, types.int64, function, types.Tuple(given))

        return typer

    @lower_builtin(call_far, _WORDS, types.int64, types.Dispatcher, types.BaseTuple)  # type: ignore[untyped-decorator]
    def lower(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        (wanted, result), convention = _types_of(sig.args[2]), context.call_conv
        words = _Loader(context, builder, args[0])
        pair = builder.shl(args[1], _I64(1))
        address, place = words.load(pair), words.load(builder.add(pair, _I64(1)))
        given = cgutils.unpack_tuple(builder, args[3])
        words.place = place
        rest = [words.next_of(kind) for kind in wanted[len(given) :]]
        kind: ir.FunctionType = convention.get_function_type(result, wanted)
        status, value = convention.call_function(
            builder, builder.inttoptr(address, kind.as_pointer()), result, wanted, given + rest
        )
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return context.get_dummy_value() if result == types.none else value


def register_far_arguments(far_arguments: Callable[..., Any]) -> None:
    """Register the typing and the machine code of what loads a form."""

    @type_callable(far_arguments)  # type: ignore[untyped-decorator]
    def rule(context: Any) -> Callable[..., Any]:
        def typer(bundle: Any, number: Any, function: Any) -> Any:
            if not isinstance(function, types.Dispatcher) or bundle != _WORDS:
                raise TypingError(f"far_arguments: {function} in {bundle}; allowed: a form in {_WORDS}")
            wanted, _ = _types_of(function)
            return signature(types.BaseTuple.from_types(wanted), _WORDS, types.int64, function)

        return typer

    @lower_builtin(far_arguments, _WORDS, types.int64, types.Dispatcher)  # type: ignore[untyped-decorator]
    def lower(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        words = _Loader(context, builder, args[0])
        words.place = words.load(builder.add(builder.shl(args[1], _I64(1)), _I64(1)))
        return words.next_of(sig.return_type)


def _types_of(function: Any) -> tuple[tuple[Any, ...], Any]:
    """What a kernel takes and returns, by its signature: it need not be compiled before its callers are."""
    wanted, result = sigutils.normalize_signature(function.dispatcher.signature_text)
    return tuple(wanted), result


class _Loader:
    """Loads arguments one after the other from words."""

    def __init__(self, context: Any, builder: Builder, bundle: Value) -> None:
        self.context, self.builder = context, builder
        self.place: Value = _I64(0)
        self._data = context.make_array(_WORDS)(context, builder, bundle).data

    def load(self, place: Value) -> Value:
        """One word."""
        return self.builder.load(self.builder.gep(self._data, [place], inbounds=True))

    def _next(self) -> Value:
        word = self.load(self.place)
        self.place = self.builder.add(self.place, _I64(1))
        return word

    def next_of(self, kind: Any) -> Value:
        """The next argument, of a numba type."""
        if isinstance(kind, types.BaseTuple):
            return self.context.make_tuple(self.builder, kind, [self.next_of(part) for part in kind])
        if not isinstance(kind, types.Array):
            return self._next()
        array = self.context.make_array(kind)(self.context, self.builder)
        address = self._next()
        shape = [self._next() for _ in range(kind.ndim)]
        size = _I64(self.context.get_abi_sizeof(self.context.get_data_type(kind.dtype)))
        strides = [size]
        for length in reversed(shape[1:]):
            strides.insert(0, self.builder.mul(strides[0], length))
        data = self.builder.inttoptr(address, array.data.type)
        populate_array(array, data=data, shape=shape, strides=strides, itemsize=size, meminfo=None)
        return array._getvalue()
