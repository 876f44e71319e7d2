"""Refuse what is not deterministic in the source of a simulated plugin, with the line that it is in.

The check reads the class and, in the same module, every function and class that it names: no floats
(literals, true division, functions that make them), no unordered sets, no clock, chance, files or threads, no
hidden state (attributes set outside ``setup``, globals that can change). It is a net for honest mistakes, not
a sandbox: what it cannot see, the declared integer columns and the sync test (world/sync_test.py) catch.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any, Final

from lockstep.errors import PluginSourceError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FORBIDDEN_MODULES: Final = _words(
    "asyncio cmath concurrent ctypes datetime io locale multiprocessing os pathlib queue"
    " random secrets socket statistics subprocess sys tempfile threading time urllib uuid weakref"
)
FORBIDDEN_BUILTINS: Final = {
    "float": "floats differ between machines; use ints in a fixed-point format",
    "complex": "floats differ between machines; use ints in a fixed-point format",
    "set": "sets have no order; use a tuple, a list or a dict",
    "frozenset": "sets have no order; use a tuple, a list or a dict",
    "hash": "hash() of text differs between processes; use lockstep.ids.name_key",
    "id": "id() is an address, different on every core",
    "open": "files are not state",
    "input": "input comes from tick.players",
    "eval": "the source must be visible",
    "exec": "the source must be visible",
    "compile": "the source must be visible",
    "globals": "state lives in declared columns",
    "vars": "state lives in declared columns",
    "setattr": "state lives in declared columns",
}
INTEGER_MATH: Final = frozenset({"comb", "factorial", "gcd", "isqrt", "lcm", "perm"})
FLOAT_NUMPY: Final = _words(
    "arccos arcsin arctan arctan2 average cbrt corrcoef cos cosh deg2rad divide double e exp exp2 fft float16"
    " float32 float64 float128 half hypot inf interp linalg linspace log log10 log2 logspace longdouble mean"
    " median nan nanmean percentile pi polyfit quantile rad2deg random reciprocal rint sin single sinh sqrt"
    " std tan tanh true_divide var"
)
FLOAT_METHODS: Final = frozenset({"mean", "std", "var"})
_FLOATS = "floats differ between machines; use ints in a fixed-point format"


@dataclass(slots=True)
class _Context:
    """Where the check is: for messages, and for what the names in the source mean."""

    name: str
    module: ModuleType
    path: str
    first_line: int
    maker: str  # the method that may set attributes
    in_setup: bool = False
    local_names: frozenset[str] = frozenset()

    def refuse(self, node: ast.AST, what: str, why: str) -> PluginSourceError:
        line = self.first_line + getattr(node, "lineno", 1) - 1
        return PluginSourceError(f"{self.path}:{line}: {self.name}: {what}: {why}")


def check_source(source: Any, *, name: str) -> None:
    """Read the source of a plugin class or function, and of what it uses in its module.

    Parameters
    ----------
    source : class or function
    name : str
        What it is, for messages: ``plugin example/spin@1``.

    Raises
    ------
    PluginSourceError
        At the first thing that is not deterministic, with file and line, or if there is no source to read.
    """
    seen: list[object] = []
    pending: list[Any] = [source]
    while pending:
        item = pending.pop()
        if any(item is other for other in seen):
            continue
        seen.append(item)
        pending.extend(_check_item(item, name))


def _check_item(item: Any, name: str) -> Iterator[Any]:
    module = sys.modules.get(item.__module__)
    try:
        lines, first_line = inspect.getsourcelines(item)
    except (OSError, TypeError):
        lines = []
    if module is None or not lines:
        raise PluginSourceError(f"{name}: the source of {item!r} cannot be read, so it cannot be checked")
    path = inspect.getsourcefile(item) or module.__name__
    # A value object that a hook makes and drops may be filled; a plugin lives on from tick to tick.
    maker = "setup" if "__plugin__" in vars(item) else "__init__"
    context = _Context(name, module, path, max(1, first_line), maker)
    tree = ast.parse(textwrap.dedent("".join(lines)))
    _walk(tree, context)
    used: list[Any] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            value = vars(module).get(node.id)
            is_ours = isinstance(value, FunctionType | type) and value.__module__ == module.__name__
            if is_ours and "__plugin__" not in vars(
                value
            ):  # other plugins are checked when they are registered
                used.append(value)
    return iter(used)


def _walk(node: ast.AST, context: _Context) -> None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        outer = context.in_setup, context.local_names
        context.in_setup = getattr(node, "name", "") == context.maker
        context.local_names = outer[1] | _bound_names(node)
        _check_node(node, context)
        for child in _executed(node):
            _walk(child, context)
        context.in_setup, context.local_names = outer
        return
    _check_node(node, context)
    for child in _executed(node):
        _walk(child, context)


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """The children of a node that run: annotations do not."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child


def _bound_names(function: ast.AST) -> frozenset[str]:
    names = [node.arg for node in ast.walk(function) if isinstance(node, ast.arg)]
    names += [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return frozenset(names)


def _check_node(node: ast.AST, context: _Context) -> None:
    check = _CHECKS.get(type(node))
    if check is not None:
        check(node, context)


def _check_constant(node: ast.Constant, context: _Context) -> None:
    if isinstance(node.value, float | complex):
        raise context.refuse(node, f"the literal {node.value!r} is a float", _FLOATS)


def _check_operator(node: ast.BinOp | ast.AugAssign, context: _Context) -> None:
    if isinstance(node.op, ast.Div):
        raise context.refuse(
            node, "the operator / makes a float", "use // or >>, which round toward minus infinity"
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and isinstance(node.right, ast.UnaryOp):
        raise context.refuse(node, "a negative power makes a float", _FLOATS)


def _check_set(node: ast.Set | ast.SetComp, context: _Context) -> None:
    raise context.refuse(node, "this is a set", FORBIDDEN_BUILTINS["set"])


def _check_import(node: ast.Import | ast.ImportFrom, context: _Context) -> None:
    names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
    for name in names:
        if name.split(".")[0] in FORBIDDEN_MODULES:
            raise context.refuse(node, f"this imports {name!r}", _module_reason(name))


def _check_hidden(node: ast.Global | ast.Nonlocal, context: _Context) -> None:
    raise context.refuse(node, f"this declares {', '.join(node.names)} {type(node).__name__.lower()}",
                         "state lives in declared columns")  # fmt: skip


def _check_async(node: ast.AST, context: _Context) -> None:
    raise context.refuse(node, "this is asynchronous", "a hook runs from start to end within its tick")


def _check_attribute(node: ast.Attribute, context: _Context) -> None:
    if isinstance(node.ctx, ast.Store | ast.Del):
        root = node.value
        if isinstance(root, ast.Name) and root.id == "self" and not context.in_setup:
            raise context.refuse(node, f"this sets self.{node.attr}",
                                 "an attribute is not saved or rolled back; declare a column")  # fmt: skip
        return
    owner = _global_value(node.value, context)
    if isinstance(owner, ModuleType):
        name = owner.__name__
        if name.split(".")[0] in FORBIDDEN_MODULES:
            raise context.refuse(node, f"this uses {name}.{node.attr}", _module_reason(name))
        if name == "math" and node.attr not in INTEGER_MATH:
            raise context.refuse(
                node, f"math.{node.attr} makes floats", f"allowed: {', '.join(sorted(INTEGER_MATH))}"
            )
        if name.split(".")[0] == "numpy" and node.attr in FLOAT_NUMPY:
            raise context.refuse(node, f"numpy.{node.attr} makes floats", _FLOATS)
    elif node.attr in FLOAT_METHODS and owner is None:
        raise context.refuse(node, f"the method {node.attr}() makes floats", "use sums and //")


def _check_name(node: ast.Name, context: _Context) -> None:
    if not isinstance(node.ctx, ast.Load) or node.id in context.local_names:
        return
    value = vars(context.module).get(node.id, _MISSING)
    if value is _MISSING:
        if node.id in FORBIDDEN_BUILTINS:
            raise context.refuse(node, f"this uses {node.id}()", FORBIDDEN_BUILTINS[node.id])
        return
    if isinstance(value, float | complex):
        raise context.refuse(node, f"{node.id} is the float {value!r}", _FLOATS)
    if isinstance(value, set | frozenset):
        raise context.refuse(node, f"{node.id} is a set", FORBIDDEN_BUILTINS["set"])
    if isinstance(value, list | dict | bytearray):
        raise context.refuse(node, f"{node.id} is a {type(value).__name__} that outlives the tick",
                             "state lives in declared columns; constants are tuples")  # fmt: skip
    origin = "" if isinstance(value, ModuleType) else str(getattr(value, "__module__", "") or "")
    if origin.split(".")[0] in FORBIDDEN_MODULES:
        raise context.refuse(node, f"this uses {origin}.{node.id}", _module_reason(origin))
    if origin == "math" and getattr(value, "__name__", "") not in INTEGER_MATH:
        raise context.refuse(
            node, f"math.{node.id} makes floats", f"allowed: {', '.join(sorted(INTEGER_MATH))}"
        )


def _global_value(node: ast.expr, context: _Context) -> object:
    if isinstance(node, ast.Name) and node.id not in context.local_names:
        return vars(context.module).get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _global_value(node.value, context)
        if isinstance(owner, ModuleType):
            return getattr(owner, node.attr, None)
    return None


def _module_reason(name: str) -> str:
    root = name.split(".")[0]
    if root in ("time", "datetime"):
        return "clocks differ between cores; time is tick.number"
    if root in ("random", "secrets", "uuid"):
        return "chance differs between cores; use tick.rng(name)"
    if root in ("statistics", "cmath"):
        return "numbers in the tick are ints; convert outside, once"
    return "what is outside the world differs between cores"


_MISSING: Final = object()
_CHECKS: Final[dict[type[ast.AST], Callable[[Any, _Context], None]]] = {
    ast.Constant: _check_constant,
    ast.BinOp: _check_operator,
    ast.AugAssign: _check_operator,
    ast.Set: _check_set,
    ast.SetComp: _check_set,
    ast.Import: _check_import,
    ast.ImportFrom: _check_import,
    ast.Global: _check_hidden,
    ast.Nonlocal: _check_hidden,
    ast.AsyncFunctionDef: _check_async,
    ast.Await: _check_async,
    ast.Attribute: _check_attribute,
    ast.Name: _check_name,
}
