"""Machine code of what threads do together, for kernels: atomic words, waiting, and jobs.

A job is posted as two addresses: of a function with a plain signature, made here for each place that shares
work, and of its arguments, which lie on the stack of the thread that steps. That thread leaves the place only
when all chunks are computed, so both live as long as anybody may use them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.core import types as numba_types
from numba.core.errors import TypingError
from numba.core.typing import signature
from numba.extending import lower_builtin, type_callable

from physics_fixed.parallel.crew_words import JOB_ARGUMENTS, JOB_FUNCTION, LINE

types: Any = numba_types  # made at run time, in part
I64 = ir.IntType(64)
I32 = ir.IntType(32)
_BYTES = ir.IntType(8).as_pointer()
_CHUNK = ir.FunctionType(I64, [_BYTES, I64, I64, I64])
_WORDS = types.Array(types.int64, 1, "C")
_TABLE = types.Array(types.int64, 2, "C")

Value = Any  # ir.Value
Builder = Any  # ir.IRBuilder


def _declare_typing(function: Callable[..., int], number_count: int, *, words: bool = True) -> Any:
    """Typing rule: an array of words, then so many numbers; the number it returns."""

    @type_callable(function)  # type: ignore[untyped-decorator]
    def rule(context: Any) -> Callable[..., Any]:
        def typer(*given: Any) -> Any:
            numbers = given[1:] if words else given
            if words and given[0] != _WORDS:
                raise TypingError(f"{function.__name__}: words are {given[0]}; allowed: {_WORDS}")
            if any(types.unliteral(number) != types.int64 for number in numbers):
                raise TypingError(f"{function.__name__}: numbers are {numbers}; allowed: int64")
            return signature(types.int64, *given[: len(given) - len(numbers)], *(types.int64,) * number_count)

        typer.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
        return typer


def _address(context: Any, builder: Builder, words: Value, index: Value) -> Value:
    data = context.make_array(_WORDS)(context, builder, words).data
    return builder.gep(data, [index], inbounds=True)


def register_atomics(
    load: Callable[..., int],
    store: Callable[..., int],
    exchange: Callable[..., int],
    exchange_if: Callable[..., int],
) -> None:
    """Register the operations on words."""
    for function, number_count in ((load, 1), (store, 2), (exchange, 2), (exchange_if, 3)):
        _declare_typing(function, number_count)

    @lower_builtin(load, _WORDS, types.int64)  # type: ignore[untyped-decorator]
    def lower_load(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        return builder.load_atomic(_address(context, builder, *args), "seq_cst", 8)

    @lower_builtin(store, _WORDS, types.int64, types.int64)  # type: ignore[untyped-decorator]
    def lower_store(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        builder.store_atomic(args[2], _address(context, builder, *args[:2]), "release", 8)
        return args[2]

    @lower_builtin(exchange, _WORDS, types.int64, types.int64)  # type: ignore[untyped-decorator]
    def lower_exchange(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        return builder.atomic_rmw("xchg", _address(context, builder, *args[:2]), args[2], "seq_cst")

    @lower_builtin(exchange_if, _WORDS, types.int64, types.int64, types.int64)  # type: ignore[untyped-decorator]
    def lower_exchange_if(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        pointer = _address(context, builder, *args[:2])
        result = builder.cmpxchg(pointer, args[2], args[3], "seq_cst")
        return builder.zext(builder.extract_value(result, 1), I64)


def register_waiting(pause: Callable[[], int], give_way: Callable[[], int]) -> None:
    """Register the two ways to wait."""
    for function in (pause, give_way):
        _declare_typing(function, 0, words=False)

    @lower_builtin(pause)  # type: ignore[untyped-decorator]
    def lower_pause(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        family = str(builder.module.triple).partition("-")[0]
        nothing = ir.FunctionType(ir.VoidType(), [])
        if family in ("x86_64", "i686"):
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse2.pause", (), nothing), [])
        elif family in ("aarch64", "arm64"):
            hint = ir.FunctionType(ir.VoidType(), [I32])
            builder.call(builder.module.declare_intrinsic("llvm.aarch64.hint", (), hint), [I32(1)])
        else:
            builder.fence("seq_cst")
        return I64(0)

    @lower_builtin(give_way)  # type: ignore[untyped-decorator]
    def lower_give_way(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        is_windows = "windows" in str(builder.module.triple)
        name = "SwitchToThread" if is_windows else "sched_yield"
        kind = ir.FunctionType(I32, [])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])
        return I64(0)


def register_call(call_job: Callable[..., int]) -> None:
    """Register the call of the function of a posted job."""
    _declare_typing(call_job, 3)

    @lower_builtin(call_job, _WORDS, *(types.int64,) * 3)  # type: ignore[untyped-decorator]
    def lower_call(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        function = builder.load(_address(context, builder, args[0], I64(JOB_FUNCTION)))
        arguments = builder.load(_address(context, builder, args[0], I64(JOB_ARGUMENTS)))
        return builder.call(
            builder.inttoptr(function, _CHUNK.as_pointer()), [builder.inttoptr(arguments, _BYTES), *args[1:]]
        )


def register_fetch(fetch: Callable[..., int]) -> None:
    """Register the hint that a row is going to be read."""

    @type_callable(fetch)  # type: ignore[untyped-decorator]
    def rule(context: Any) -> Callable[..., Any]:
        def typer(table: Any, row: Any) -> Any:
            if table != _TABLE or types.unliteral(row) != types.int64:
                raise TypingError(f"fetch: {table}, {row}; allowed: {_TABLE}, int64")
            return signature(types.int64, _TABLE, types.int64)

        return typer

    @lower_builtin(fetch, _TABLE, types.int64)  # type: ignore[untyped-decorator]
    def lower_fetch(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        table = context.make_array(_TABLE)(context, builder, args[0])
        width = cgutils.unpack_tuple(builder, table.shape)[1]
        first = builder.mul(args[1], width)
        hint = ir.FunctionType(ir.VoidType(), [_BYTES, I32, I32, I32])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", (_BYTES,), hint)
        for line in range(2):
            place = builder.gep(table.data, [builder.add(first, I64(line * LINE))])
            builder.call(prefetch, [builder.bitcast(place, _BYTES), I32(0), I32(3), I32(1)])
        return I64(0)


def register_share(share: Callable[..., int], run_job: Any) -> None:
    """Register the sharing of a range; ``run_job`` computes what is posted."""

    @type_callable(share)  # type: ignore[untyped-decorator]
    def rule(context: Any) -> Callable[..., Any]:
        def typer(crew: Any, first: Any, end: Any, least: Any, function: Any, arguments: Any) -> Any:
            if not isinstance(function, types.Dispatcher) or not isinstance(arguments, types.BaseTuple):
                raise TypingError(f"share: {function} with {arguments}; allowed: a device kernel, a tuple")
            for needed in (function.dispatcher, run_job):
                needed.ensure_compiled()
            ((wanted, _),) = function.dispatcher.overloads.items()
            rest = wanted[3:]
            given = tuple(types.unliteral(each) for each in arguments)
            if wanted[:3] != (types.int64,) * 3 or len(given) != len(rest):
                raise TypingError(f"share: {function} takes {wanted}, got {given} after three numbers")
            for position, (a, b) in enumerate(zip(given, rest, strict=True)):
                if a != b and not (a == types.boolean and b == types.int64):
                    raise TypingError(f"share: argument {position} is {a}; allowed: {b}")
            return signature(types.int64, _WORDS, *(types.int64,) * 3, function, types.Tuple(rest))

        return typer

    @lower_builtin(share, _WORDS, *(types.int64,) * 3, types.Dispatcher, types.BaseTuple)  # type: ignore[untyped-decorator]
    def lower_share(context: Any, builder: Builder, sig: Any, args: Sequence[Value]) -> Value:
        crew, first, end, least, _, arguments = args
        (result,) = sig.args[4].dispatcher.overloads.values()
        (runner,) = run_job.overloads.values()
        context.add_linking_libs([result.library, runner.library])
        tuple_type = context.get_value_type(sig.args[5])
        place = cgutils.alloca_once(builder, tuple_type, name="shared")
        for position, value in enumerate(cgutils.unpack_tuple(builder, arguments)):
            builder.store(value, cgutils.gep_inbounds(builder, place, 0, position))
        chunk = _chunk_function(context, builder.module, result.fndesc, tuple_type)
        for index, pointer in ((JOB_FUNCTION, chunk), (JOB_ARGUMENTS, place)):
            builder.store(builder.ptrtoint(pointer, I64), _address(context, builder, crew, I64(index)))
        status, _ = context.call_internal_no_propagate(
            builder, runner.fndesc, runner.signature, [crew, first, end, least]
        )
        return builder.zext(status.code, I64)


def _chunk_function(context: Any, module: Any, descriptor: Any, tuple_type: Any) -> Any:
    """A function ``(arguments, first, end, lane) -> error`` that calls a kernel with what lies there."""
    name = module.get_unique_name(f"lockstep_chunk.{descriptor.mangled_name}")
    function = ir.Function(module, _CHUNK, name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    place = builder.bitcast(function.args[0], tuple_type.as_pointer())
    numbers = list(function.args[1:])
    rest = [
        builder.load(cgutils.gep_inbounds(builder, place, 0, position))
        for position in range(len(tuple_type.elements))
    ]
    callee = context.declare_function(module, descriptor)
    status, _ = context.call_conv.call_function(
        builder, callee, descriptor.restype, descriptor.argtypes, numbers + rest
    )
    builder.ret(builder.zext(status.code, I64))
    return function
