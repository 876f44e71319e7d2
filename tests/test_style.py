"""The style that a linter cannot express, as one test over the tree.

Each rule is a function from a parsed file to findings. It runs over every Python file of the project, and
over a planted violation in memory, which it must find.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("lockstep", "physics_fixed", "netcode", "client", "fuzz")
FOLDERS = (*PACKAGES, "tests", "examples")

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60
KERNEL_LINES_MAX = 90
KERNEL_DECORATORS = frozenset({"kernel", "device_kernel", "inline_kernel"})
# Compiles kernels, so it reads sources and keeps what it compiled.
COMPILER_FILES = (
    "physics_fixed/jit.py",
    "physics_fixed/far_lowering.py",
    "physics_fixed/compiler.py",
    "physics_fixed/kernel_cache.py",
    "physics_fixed/fingerprint.py",
    "physics_fixed/warmup.py",
)
# Lends the threads of the process to steps, whose bits do not depend on them.
THREAD_FILES = ("physics_fixed/parallel/crew.py",)
# What a tick can see, and the protocol machines that decide which ticks there are.
SIMULATED = (
    "physics_fixed/",
    "lockstep/ids.py",
    "lockstep/rng.py",
    "lockstep/inputs/",
    "lockstep/world/",
    "lockstep/worlds/",
    "lockstep/plugins/",
    "lockstep/integrity/",
    "lockstep/session/",
    "lockstep/peer/",
    "netcode/protocol/",
)
# Where display numbers or device numbers are made, after or before anything simulated.
FLOAT_EDGES = ("physics_fixed/scale.py", "lockstep/inputs/device.py", "lockstep/plugins/render.py")
# The outermost layers, which must survive what they run.
SHELLS = ("lockstep/core/", "client/", "fuzz/")
FILE_NAMES_BANNED = frozenset("util utils helper helpers common misc stuff base tools lib".split())
MUTABLE_CALLS = frozenset(
    "bytearray Counter defaultdict deque dict list OrderedDict set WeakKeyDictionary".split()
)
MUTATING_METHODS = frozenset(
    "add append clear discard extend fill insert pop popitem remove setdefault sort update".split()
)
ORDER_FREE_CALLS = frozenset("all any frozenset len max min set sorted sum".split())
ORDERED_CALLS = frozenset("enumerate iter list next tuple".split())
WORDS_BANNED = frozenset(
    "arr buf cb cfg cnt ctx cur dst idx mgr msg num obj pkt pos ptr ret src tmp val vel".split()
)

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A parsed file: its path from the root, with slashes, its text, and its tree."""

    path: str
    text: str
    tree: ast.Module

    def within(self, prefixes: tuple[str, ...]) -> bool:
        return self.path.startswith(prefixes)


Finding = tuple[int, str]
Rule = Callable[[SourceFile], Iterator[Finding]]


def parse(path: str, text: str) -> SourceFile:
    return SourceFile(path, text, ast.parse(text))


def functions(tree: ast.AST) -> Iterator[FunctionNode]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def called_name(node: ast.AST) -> str:
    """Last part of the name of what is called or used as a decorator; empty if it has none."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def is_kernel(function: FunctionNode) -> bool:
    return any(called_name(decorator) in KERNEL_DECORATORS for decorator in function.decorator_list)


def docstring_lines(node: FunctionNode) -> int:
    first = node.body[0]
    has_docstring = ast.get_docstring(node, clean=False) is not None
    return (first.end_lineno or first.lineno) - first.lineno + 1 if has_docstring else 0


def rule_short_files(file: SourceFile) -> Iterator[Finding]:
    count = file.text.count("\n") + 1
    if count > FILE_LINES_MAX:
        yield count, f"{count} lines, at most {FILE_LINES_MAX}: split the file by what it is about"


def rule_short_functions(file: SourceFile) -> Iterator[Finding]:
    for function in functions(file.tree):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1 - docstring_lines(function)
        bound = KERNEL_LINES_MAX if is_kernel(function) else FUNCTION_LINES_MAX
        if lines > bound:
            yield function.lineno, f"{function.name} has {lines} lines without its docstring, at most {bound}"


def rule_names_of_files(file: SourceFile) -> Iterator[Finding]:
    for part in PurePosixPath(file.path).with_suffix("").parts:
        if part.removeprefix("test_") in FILE_NAMES_BANNED:
            yield 1, f"'{part}' says nothing about what is inside"


def rule_whole_words(file: SourceFile) -> Iterator[Finding]:
    for function in functions(file.tree):
        arguments = function.args
        names = [
            argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        ]
        for name in [function.name, *names]:
            for word in name.lower().removeprefix("tmp_path").split("_"):
                if word in WORDS_BANNED:
                    yield function.lineno, f"'{name}': write the word for '{word}'"


def is_mutable(value: ast.expr | None) -> bool:
    if isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    return isinstance(value, ast.Call) and called_name(value) in MUTABLE_CALLS


def module_assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr | None, int]]:
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value, node.lineno
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.value, node.lineno


def mutated_names(function: FunctionNode) -> Iterator[tuple[str, int]]:
    for node in ast.walk(function):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        elif isinstance(node, ast.Delete):
            targets = node.targets
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in MUTATING_METHODS
            and isinstance(node.func.value, ast.Name)
        ):
            yield node.func.value.id, node.lineno
        for target in targets:
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
                yield target.value.id, node.lineno


def rule_no_module_state(file: SourceFile) -> Iterator[Finding]:
    if not file.within(SIMULATED) or file.within(COMPILER_FILES) or file.within(THREAD_FILES):
        return
    names = set()
    for name, value, line in module_assignments(file.tree):
        names.add(name)
        if is_mutable(value) and name != "__all__" and not name.lstrip("_").isupper():
            yield line, f"'{name}' is state outside the declared tables (a constant is written in capitals)"
    for function in functions(file.tree):
        local = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
        local |= {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        for name, line in mutated_names(function):
            if name in names and name not in local:
                yield (
                    line,
                    f"{function.name} changes '{name}' of the module: state outside the declared tables",
                )
        # The only memo allowed is of decimal text to integer, a pure function that is slow to compute.
        for decorator in () if file.path == "physics_fixed/scale.py" else function.decorator_list:
            if called_name(decorator) in {"cache", "lru_cache", "cached_property"}:
                yield function.lineno, f"{function.name} keeps a cache: state outside the declared tables"
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Global):
            yield node.lineno, f"global {', '.join(node.names)}: state outside the declared tables"


def rule_no_floats(file: SourceFile) -> Iterator[Finding]:
    if not file.within(SIMULATED) or file.within(FLOAT_EDGES) or file.within(COMPILER_FILES):
        return
    # What a person reads may be written with a point: the texts of errors and of representations.
    texts = {
        id(part) for node in ast.walk(file.tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)
    }
    # Outside kernels the physics divides Fractions, which is exact.
    in_kernels = {
        id(node)
        for function in functions(file.tree)
        if is_kernel(function) or not file.within(("physics_fixed/",))
        for node in ast.walk(function)
    }
    for node in ast.walk(file.tree):
        if id(node) in texts:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield node.lineno, f"the float {node.value!r} where only integers are simulated"
        elif (
            isinstance(node, ast.BinOp | ast.AugAssign)
            and isinstance(node.op, ast.Div)
            and id(node) in in_kernels
        ):
            yield node.lineno, "true division makes a float: use //, a shift or div_shift"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
            yield node.lineno, "float() where only integers are simulated"


def is_set_expression(node: ast.expr, known: frozenset[str]) -> bool:
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    if isinstance(node, ast.Call):
        return called_name(node) in {"set", "frozenset"} and isinstance(node.func, ast.Name)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor):
        return is_set_expression(node.left, known) or is_set_expression(node.right, known)
    return ast.unparse(node) in known


def names_of_sets(tree: ast.Module) -> frozenset[str]:
    """Names and attributes that the file declares or assigns as sets."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation).startswith(
            ("set[", "frozenset[")
        ):
            found.add(ast.unparse(node.target))
        elif isinstance(node, ast.Assign) and is_set_expression(node.value, frozenset()):
            found.update(ast.unparse(target) for target in node.targets)
        elif isinstance(node, ast.arg) and node.annotation is not None:
            if ast.unparse(node.annotation).startswith(("set[", "frozenset[")):
                found.add(node.arg)
    return frozenset(found)


def rule_no_set_order(file: SourceFile) -> Iterator[Finding]:
    if not file.within(SIMULATED) or file.within(COMPILER_FILES):
        return
    known = names_of_sets(file.tree)
    order_free = {
        id(argument)
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ORDER_FREE_CALLS
        for argument in node.args
    }
    message = "the order of a set differs between machines: sort it first"
    for node in ast.walk(file.tree):
        if isinstance(node, ast.For) and is_set_expression(node.iter, known):
            yield node.lineno, message
        elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp) and id(node) not in order_free:
            if any(is_set_expression(part.iter, known) for part in node.generators):
                yield node.lineno, message
        elif isinstance(node, ast.Call) and called_name(node) in ORDERED_CALLS:
            if any(is_set_expression(argument, known) for argument in node.args):
                yield node.lineno, message


def rule_no_process_identity(file: SourceFile) -> Iterator[Finding]:
    if not file.within(SIMULATED) or file.within(COMPILER_FILES):
        return
    for node in ast.walk(file.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"hash", "id", "open"}
        ):
            yield node.lineno, f"{node.func.id}() depends on the process or its machine"


def rule_narrow_except(file: SourceFile) -> Iterator[Finding]:
    if file.within(SHELLS):
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ExceptHandler):
            caught = "everything" if node.type is None else ast.unparse(node.type)
            if caught in {"everything", "Exception", "BaseException"}:
                yield node.lineno, f"catches {caught} below the shells: name what can be handled here"


def rule_no_sleep_in_tests(file: SourceFile) -> Iterator[Finding]:
    if not file.within(("tests/",)):
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call) and called_name(node) == "sleep":
            is_a_body = not node.args and not node.keywords  # whoever waits says how long
            yields_only = is_a_body or (
                len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
            )
            if not yields_only:
                yield node.lineno, "a test that sleeps is slow or wrong: wait for the event, or own the clock"


def rule_docstrings(file: SourceFile) -> Iterator[Finding]:
    if file.within(("tests/",)):
        return
    if file.text.strip() and ast.get_docstring(file.tree) is None:
        yield 1, "the module says nowhere what it is"
    for node in file.tree.body:
        if not isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None:
            yield node.lineno, f"public '{node.name}' has no docstring"
        for member in node.body if isinstance(node, ast.ClassDef) else []:
            if not isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) or member.name.startswith("_"):
                continue
            one_liner = len(member.body) == 1
            if ast.get_docstring(member) is None and not one_liner:
                yield member.lineno, f"public '{node.name}.{member.name}' has no docstring"


def rule_finished(file: SourceFile) -> Iterator[Finding]:
    marks = ("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")
    for number, line in enumerate(file.text.splitlines(), start=1):
        if any(mark in line.replace("#", " ").replace(":", " ").split() for mark in marks):
            yield number, "a mark of unfinished work: finish it, or describe the limit for the user"
    for node in ast.walk(file.tree):
        if (
            isinstance(node, ast.Raise)
            and node.exc is not None
            and called_name(node.exc) == "NotImplementedError"
        ):
            yield node.lineno, "a function that is not there: leave it out"
        elif isinstance(node, ast.ImportFrom) and any(name.name == "*" for name in node.names):
            yield node.lineno, "a star import hides where names come from"


def rule_lazy_annotations(file: SourceFile) -> Iterator[Finding]:
    """Kernel modules are free: their annotations may be read by the compiler."""
    has_definitions = any(True for _ in functions(file.tree))
    if not has_definitions or file.within(("physics_fixed/",)):
        return
    for node in file.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            return
    yield 1, "from __future__ import annotations is missing"


RULES: dict[str, Rule] = {
    name.removeprefix("rule_"): rule for name, rule in sorted(globals().items()) if name.startswith("rule_")
}

# Rule, path the planted file pretends to have, its text.
PLANTED = [
    ("short_files", "lockstep/ids.py", "x = 1\n" * 601),
    ("short_functions", "lockstep/ids.py", "def long():\n" + "    step()\n" * 60),
    ("short_functions", "physics_fixed/step.py", "@kernel('void()')\ndef long():\n" + "    step()\n" * 90),
    ("names_of_files", "lockstep/utils.py", ""),
    ("names_of_files", "netcode/helpers/codec.py", ""),
    ("whole_words", "client/cli.py", "def read(buf):\n    return buf\n"),
    ("no_module_state", "lockstep/world/world.py", "seen = {}\n"),
    ("no_module_state", "lockstep/world/world.py", "SEEN = []\ndef note(x):\n    SEEN.append(x)\n"),
    ("no_module_state", "lockstep/peer/peer.py", "SEEN = {}\ndef note(x):\n    SEEN[x] = 1\n"),
    ("no_module_state", "physics_fixed/step.py", "count = 0\ndef note():\n    global count\n"),
    ("no_module_state", "lockstep/world/world.py", "@lru_cache\ndef slow(x):\n    return x\n"),
    (
        "no_floats",
        "physics_fixed/solver/solve.py",
        "@kernel('int64(int64)')\ndef f(x):\n    return x * 0.5\n",
    ),
    ("no_floats", "lockstep/session/session.py", "def half(x):\n    return x / 2\n"),
    ("no_floats", "lockstep/plugins/spin.py", "def half(x):\n    return float(x)\n"),
    ("no_set_order", "lockstep/world/world.py", "def f(rows):\n    for row in set(rows):\n        step()\n"),
    ("no_set_order", "lockstep/world/world.py", "def f(s):\n    s.a = set()\n    return [x for x in s.a]\n"),
    ("no_set_order", "netcode/protocol/link.py", "def f(lost: set[int]):\n    return tuple(lost)\n"),
    ("no_process_identity", "lockstep/plugins/spin.py", "def f(name):\n    return hash(name)\n"),
    ("narrow_except", "lockstep/peer/peer.py", "try:\n    step()\nexcept Exception:\n    pass\n"),
    ("narrow_except", "netcode/protocol/link.py", "try:\n    step()\nexcept:\n    pass\n"),
    ("no_sleep_in_tests", "tests/test_x.py", "def test_x():\n    time.sleep(1)\n"),
    ("no_sleep_in_tests", "tests/test_x.py", "async def test_x():\n    await asyncio.sleep(0.1)\n"),
    ("docstrings", "lockstep/ids.py", "def make():\n    return 1\n"),
    (
        "docstrings",
        "lockstep/ids.py",
        '"""I."""\nclass A:\n    """A."""\n    def b(self):\n        c()\n        d()\n',
    ),
    ("finished", "lockstep/ids.py", "x = 1  # " + "TO" + "DO: more\n"),
    ("finished", "lockstep/ids.py", "def f():\n    raise NotImplementedError\n"),
    ("finished", "lockstep/ids.py", "from lockstep.errors import *\n"),
    ("lazy_annotations", "lockstep/ids.py", "def f(x):\n    return x\n"),
]


def project_files() -> list[SourceFile]:
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return [parse(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


@pytest.fixture(scope="module")
def files() -> list[SourceFile]:
    return project_files()


@pytest.mark.parametrize("name", RULES)
def test_tree_keeps_the_rule(files: list[SourceFile], name: str) -> None:
    findings = [f"{file.path}:{line}: {text}" for file in files for line, text in RULES[name](file)]
    assert not findings, "\n" + "\n".join(findings)


@pytest.mark.parametrize(
    ("name", "path", "text"), PLANTED, ids=[f"{row[0]}-{number}" for number, row in enumerate(PLANTED)]
)
def test_planted_violation_is_found(name: str, path: str, text: str) -> None:
    assert list(RULES[name](parse(path, text)))


def test_every_rule_has_a_planted_violation() -> None:
    assert set(RULES) == {name for name, _, _ in PLANTED}
