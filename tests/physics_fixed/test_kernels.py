"""The rules of kernels: each trap of compiled integer code, shown to be handled.

Where a trap needs a fresh compiler, its own cache folder or another environment, a child process has it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from physics_fixed import fingerprint, jit, kernel_cache, selftest, warmup
from physics_fixed.errors import SelfTestError
from physics_fixed.fixmath.scalar import absolute, clamp
from physics_fixed.fixmath.wide import mul_shift
from physics_fixed.jit import COMPILER_ON, device_kernel, kernel

ROOT = Path(fingerprint.__file__).parent.parent
compiled = pytest.mark.skipif(not COMPILER_ON, reason="the compiler is off: there is no machine code")


def environment(cache: Path, **changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOCKSTEP_", "NUMBA_"))}
    return {**kept, "LOCKSTEP_CACHE": str(cache), "PYTHONPATH": str(ROOT), **changes}


def start(code: str, cache: Path, *, folder: Path | None = None, **changes: str) -> subprocess.Popen[str]:
    """A child running ``code``; modules are found in ``folder`` too."""
    settings = environment(cache, **changes)
    if folder is not None:
        settings["PYTHONPATH"] = os.pathsep.join([str(folder), settings["PYTHONPATH"]])
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code],
        env=settings, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def output(child: subprocess.Popen[str]) -> str:
    out, errors = child.communicate(timeout=300)
    assert child.returncode == 0, errors
    return out.strip()


def run(code: str, cache: Path, **settings: Any) -> str:
    return output(start(code, cache, **settings))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of two kernel modules, one of which imports a module of constants."""
    folder = tmp_path / "modules"
    (folder / "sample").mkdir(parents=True)
    sources = {
        "__init__": "",
        "constants": "VALUE = 11\n",
        "between": "from sample.constants import (\n    VALUE,  # the value\n)\n",
        "uses": "from physics_fixed.jit import kernel\nfrom sample import between\nV = between.VALUE\n"
        '@kernel("int64(int64)")\ndef f(x): return x + V\n',
        "alone": 'from physics_fixed.jit import kernel\n@kernel("int64(int64)")\ndef g(x): return x + 5\n',
    }
    for name, source in sources.items():
        (folder / "sample" / f"{name}.py").write_text(source)
    return folder


SAMPLE = (
    "from sample import alone, uses; "
    "print(uses.f(1), alone.g(1), getattr(uses.f, 'was_loaded', None), getattr(alone.g, 'was_loaded', None))"
)


@compiled
def test_an_edit_of_an_imported_module_is_seen(package: Path, tmp_path: Path) -> None:
    """Even one that keeps size and time of the file; and kernels that do not import it stay cached."""
    cache = tmp_path / "cache"
    assert run(SAMPLE, cache, folder=package) == "12 6 False False"
    assert run(SAMPLE, cache, folder=package) == "12 6 True True"
    constants = package / "sample" / "constants.py"
    before = constants.stat()
    constants.write_text("VALUE = 22\n")
    os.utime(constants, ns=(before.st_atime_ns, before.st_mtime_ns))
    for pyc in package.rglob("*.pyc"):
        pyc.unlink()  # Python itself would trust the time of the file
    assert run(SAMPLE, cache, folder=package) == "23 6 False True"


@compiled
def test_compiler_off_needs_no_cache(package: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert run(SAMPLE, cache, folder=package, LOCKSTEP_COMPILER="off") == "12 6 None None"
    assert not cache.exists()


@compiled
def test_deleting_or_damaging_the_cache_is_safe(package: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    run(SAMPLE, cache, folder=package)
    first, second = sorted(cache.rglob("*.kernel"))
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1] + b"!")
    assert run(SAMPLE, cache, folder=package) == "12 6 False False"
    assert run(SAMPLE, cache, folder=package) == "12 6 True True"
    second.write_bytes(b"")
    assert run(SAMPLE, cache, folder=package).startswith("12 6")


@compiled
def test_a_cache_that_cannot_be_written_only_costs_time(package: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("not a folder")
    assert run(SAMPLE, blocked / "cache", folder=package) == "12 6 False False"


@compiled
def test_processes_that_compile_at_once_leave_whole_files(package: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    children = [start(SAMPLE, cache, folder=package) for _ in range(3)]
    assert [output(child)[:4] for child in children] == ["12 6"] * 3
    files = [path for path in cache.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert all(kernel_cache.load(path) is not None for path in files)


@compiled
def test_target_and_bounds_checks_have_their_own_files(package: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for changes in ({}, {"NUMBA_CPU_NAME": "nocona"}, {"LOCKSTEP_BOUNDSCHECK": "on"}):
        assert run(SAMPLE, cache, folder=package, **changes) == "12 6 False False"
    assert len(list(cache.rglob("*.kernel"))) == 6


@compiled
def test_the_default_target_is_generic_and_other_code_is_left_alone(package: Path, tmp_path: Path) -> None:
    """One cache serves a family of processors; what a program compiles with numba itself is not affected."""
    cache = tmp_path / "cache"
    code = SAMPLE + (
        "; from numba.core.registry import cpu_target; from llvmlite import binding; "
        "print(cpu_target.target_context.codegen().magic_tuple()[1] == binding.get_host_cpu_name(), "
        "uses.f.targetctx.codegen().magic_tuple()[1:])"
    )
    assert run(code, cache, folder=package).splitlines() == ["12 6 False False", "True ('generic', '')"]
    assert run(SAMPLE, cache, folder=package, NUMBA_CPU_NAME="generic") == "12 6 True True"


def _is_for_checkers(node: Any) -> bool:
    return getattr(getattr(node, "test", None), "id", "") == "TYPE_CHECKING"


KEYS = """
import sys
exec(sys.argv[1])
from physics_fixed import compiler, warmup
warmup.import_all()
print(sorted(kernel._cache.path(kernel.targetctx).name for kernel in warmup.entry_kernels()))
"""


@pytest.mark.slow
@compiled
def test_the_key_of_a_kernel_does_not_depend_on_what_was_imported_first(tmp_path: Path) -> None:
    firsts = ("", "from physics_fixed import Space", "import fuzz.scenes", "import physics_fixed.queries")
    found = {run(KEYS.replace("sys.argv[1]", repr(first)), tmp_path) for first in firsts}
    assert len(found) == 1


def test_imports_are_found_as_python_finds_them() -> None:
    """The scan of imports against the parser, on every source of the package."""
    import ast

    for name, source in fingerprint.kernel_sources().items():
        expected: set[str] = set()
        tree = ast.parse(source)
        tree.body = [node for node in tree.body if not _is_for_checkers(node)]
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                expected.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.module is not None and node.level == 0, (name, "relative import")
                expected.add(node.module)
                expected.update(f"{node.module}.{alias.name}" for alias in node.names)
        assert expected <= kernel_cache.imported_names(source.decode()), name


def test_fingerprint_ignores_line_ends_and_sees_everything_else() -> None:
    sources = fingerprint.kernel_sources()
    assert {"tables.py", "limits.py", "scale.py", "fixmath/wide.py", "fixmath/lowering.py"} <= set(sources)
    assert not any(b"\r" in source for source in sources.values())
    whole = fingerprint.digest_sources(sources)
    dos = {name: fingerprint.normalised(source.replace(b"\n", b"\r\n")) for name, source in sources.items()}
    assert fingerprint.digest_sources(dos) == whole
    for name in sources:
        assert fingerprint.digest_sources({**sources, name: sources[name] + b"#"}) != whole


def test_fingerprint_is_that_of_the_sources_at_start(tmp_path: Path) -> None:
    code = (
        "from physics_fixed import fingerprint as f; "
        "print(f.kernel_fingerprint() == f.digest_sources(f.kernel_sources()), len(f.kernel_fingerprint()))"
    )
    assert run(code, tmp_path) == "True 16"


def test_fingerprint_names_the_files() -> None:
    assert fingerprint.digest_sources({"a": b"b"}) != fingerprint.digest_sources({"ab": b""})


def test_self_test_passes_here() -> None:
    """After a change that is meant to change results, physics_fixed/selftest.py tells what to do."""
    selftest.run()
    assert set(selftest.expected()) == set(selftest.digests())


def test_self_test_names_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**selftest.expected(), "roots": "0" * 32}
    monkeypatch.setattr(selftest, "expected", lambda: wrong)
    with pytest.raises(SelfTestError, match="in: roots"):
        selftest.run()


@compiled
def test_the_interpreter_passes_the_self_test(tmp_path: Path) -> None:
    code = "from physics_fixed import selftest; selftest.run(); print('same')"
    assert run(code, tmp_path, LOCKSTEP_COMPILER="off") == "same"


@pytest.mark.slow
@compiled
@pytest.mark.parametrize("variable", ["NUMBA_CPU_NAME", "NUMBA_OPT"])
def test_processor_and_optimisation_change_no_bit(variable: str, tmp_path: Path) -> None:
    """Code for exactly this processor, and code that is hardly optimised."""
    value = "1"
    if variable == "NUMBA_CPU_NAME":
        from llvmlite import binding

        value = binding.get_host_cpu_name()
    code = "from physics_fixed import selftest; print(selftest.arithmetic_digests())"
    assert run(code, tmp_path, **{variable: value}) == str(selftest.arithmetic_digests())


def test_switches_take_on_and_off_only(tmp_path: Path) -> None:
    child = start("import physics_fixed.jit", tmp_path, LOCKSTEP_COMPILER="no")
    assert "allowed: 'on', 'off'" in child.communicate(timeout=60)[1]
    assert child.returncode != 0


@kernel("int64(int64[::1],int64)")
def _read(values: Any, position: int) -> int:
    return values[position]  # type: ignore[no-any-return]


@device_kernel("int64(int64,int64)")
def _callee(a: int, b: int) -> int:
    return a * 3 + b


@kernel("int64(int64)")
def _caller(a: int) -> int:
    return _callee(a, 5) + _callee(7, a) + _callee(1, 2)


@compiled
def test_literal_arguments_compile_no_second_specialisation() -> None:
    assert _caller(10) == 35 + 31 + 5
    assert len(_caller.overloads) == 1  # type: ignore[attr-defined]
    # A caller that comes from the cache brings the code of its callee along.
    assert len(_callee.overloads) <= 1  # type: ignore[attr-defined]


@compiled
@pytest.mark.parametrize("value", [1.5, True, np.int32(1), np.uint64(1), np.float64(1)])
def test_only_the_declared_types_are_taken(value: Any) -> None:
    """Also after the first call: a compiled function must not cut a float off to an int64 without a word."""
    assert _read(np.array([4], np.int64), 0) == 4
    for call in (lambda: _caller(value), lambda: _read(np.array([4, 5, 6], np.int64), value)):
        for _ in range(2):
            with pytest.raises(TypeError, match=r"takes int64|No matching"):
                call()


@compiled
@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.uint64])
def test_only_the_declared_arrays_are_taken(dtype: Any) -> None:
    for values in (np.zeros(4, dtype), np.zeros(8, np.int64)[::2], np.zeros((2, 2), np.int64)):
        with pytest.raises(TypeError):
            _read(values, 0)


@compiled
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("mul_shift(a, np.uint64(b), 24)", "allowed: int64"),
        ("mul_shift(a, np.int32(b), 24)", "allowed: int64"),
        ("mul_shift(a, b * 0.5, 24)", "allowed: int64"),
        ("mul_shift(a, b, a)", "shift must be a literal"),
        ("mul_shift(a, b, 127)", "shift 127 not in 0..126"),
        ("mul_shift(a, b, -1)", "shift -1 not in 0..126|shift must be a literal"),
    ],
)
def test_what_would_become_a_float_or_undefined_is_refused(body: str, message: str, tmp_path: Path) -> None:
    source = tmp_path / "modules" / "wrong.py"
    source.parent.mkdir()
    source.write_text(
        "import numpy as np\nfrom physics_fixed.fixmath.wide import mul_shift\n"
        f'from physics_fixed.jit import kernel\n@kernel("int64(int64,int64)")\ndef f(a, b): return {body}\n'
    )
    child = start("import wrong; wrong.f(1, 2)", tmp_path / "cache", folder=source.parent)
    _, errors = child.communicate(timeout=120)
    assert child.returncode != 0
    assert re.search(message, errors), errors[-800:]


@kernel("int64(int64)")
def _edge(a: int) -> int:
    one_more = clamp(a, -(1 << 62), 1 << 62) + 1
    return 1 if one_more > a else 0


def test_clamped_sums_do_not_wrap() -> None:
    """numba promises LLVM that signed sums never overflow: ``a + 1 > a`` is true, it thinks."""
    assert [_edge(value) for value in ((1 << 63) - 1, 1 << 62, 5, -(1 << 63))] == [0, 1, 1, 1]
    assert absolute(-(1 << 63)) == (1 << 63) - 1


BOUNDS = """
import numpy as np
from probe import read
try:
    print(read(np.array([4, 5, 6], np.int64)[:2], 2))
except IndexError as error:
    print("caught")
"""


@compiled
def test_bounds_checks_find_reads_past_the_end(tmp_path: Path) -> None:
    source = tmp_path / "modules" / "probe.py"
    source.parent.mkdir()
    source.write_text(
        "from physics_fixed.jit import kernel\n"
        '@kernel("int64(int64[::1],int64)")\ndef read(a, i): return a[i]\n'
    )
    assert run(BOUNDS, tmp_path / "cache", folder=source.parent, LOCKSTEP_BOUNDSCHECK="on") == "caught"
    assert run(BOUNDS, tmp_path / "cache", folder=source.parent) == "6"  # garbage, silently: hence the pass


def test_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOCKSTEP_CACHE", str(tmp_path))
    assert kernel_cache.cache_folder() == tmp_path
    monkeypatch.delenv("LOCKSTEP_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert kernel_cache.cache_folder() == tmp_path / "xdg" / "lockstep-core"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert kernel_cache.cache_folder() == Path.home() / ".cache" / "lockstep-core"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert kernel_cache.cache_folder() == Path.home() / "Library" / "Caches" / "lockstep-core"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert kernel_cache.cache_folder() == tmp_path / "local" / "lockstep-core"


@compiled
def test_every_kernel_compiles_and_has_one_specialisation() -> None:
    """Whatever compiles is looked through for floats at that moment; so it is enough that all compile."""
    from physics_fixed import compiler

    steps: list[tuple[int, int, str]] = []
    warmup.compile_all(lambda ready, total, doing: steps.append((ready, total, doing)))
    kernels = [k for k in compiler.declared_kernels() if k.__module__.startswith("physics_fixed")]
    for made in kernels:
        made.ensure_compiled()  # also those that nothing calls yet
        assert len(made.overloads) == 1, made
    assert len(kernels) > 50
    ready, total, doing = steps[-1]
    assert ready == total == len(steps) - 1
    assert doing == "kernels ready"


FOREIGN_TARGETS = """
import re
from llvmlite import binding
from physics_fixed import compiler, selftest
binding.initialize_all_targets()
binding.initialize_all_asmprinters()
texts = {"division": "define i128 @f(i128 %a, i128 %b) {%c = udiv i128 %a, %b ret i128 %c}"}
for kernel in compiler.declared_kernels():
    if kernel.__module__ == "physics_fixed.selftest":
        kernel.ensure_compiled()
        (result,) = kernel.overloads.values()
        texts[kernel.__name__] = re.sub("target (triple|datalayout) = .*", "", result.library.get_llvm_str())
for triple in "x86_64-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-linux-gnu", "arm64-apple-darwin":
    machine = binding.Target.from_triple(triple).create_target_machine()
    for name, text in texts.items():
        module = binding.parse_assembly(text)
        module.triple = triple
        calls = re.findall("_+[a-z]+ti[34]", machine.emit_assembly(module))
        print(name, calls[0] if calls else "none")
"""


@pytest.mark.slow
@compiled
def test_no_target_needs_a_helper_for_128_bits(tmp_path: Path) -> None:
    """A helper of the C compiler's library could not be resolved: the process would die at its first call.

    The kernels of the self-test hold every wide operation; a plain division shows that the check can fail.
    """
    lines = run(FOREIGN_TARGETS, tmp_path).splitlines()
    assert len(lines) == 4 * 5
    for line in lines:
        name, found = line.split()
        assert ("udivti3" in found) if name == "division" else found == "none", line


FLOATS = """
from physics_fixed.jit import device_kernel, kernel
@device_kernel("int64(int64)")
def half(a): return int(a * 0.5)
@kernel("int64(int64)")
def caller(a): return half(a)
@kernel("int64(int64)")
def ratio(a): return 1 if a / 3 > 2 else 0
"""


@compiled
@pytest.mark.parametrize("name", ["half", "caller", "ratio"])
def test_a_kernel_with_a_float_is_refused(name: str, tmp_path: Path) -> None:
    """By the types of its variables, before the cache could hide them."""
    source = tmp_path / "modules" / "floats.py"
    source.parent.mkdir()
    source.write_text(FLOATS)
    code = f"import floats; getattr(floats.{name}, 'ensure_compiled')()"
    for _ in range(2):  # the second time nothing must come from the cache
        child = start(code, tmp_path / "cache", folder=source.parent)
        _, errors = child.communicate(timeout=120)
        assert child.returncode != 0
        assert re.search(r"kernel (half|ratio) holds a float: variable .* is float64", errors), errors[-800:]
    assert not list((tmp_path / "cache").rglob("*.kernel"))


@compiled
def test_float_words_in_code_are_found() -> None:
    """The second look, at the optimised code of an entry kernel, can fail, too."""
    from physics_fixed.compiler import _FLOAT_WORD

    assert _FLOAT_WORD.findall("  %x = fadd double %a, %b") == ["double"]
    assert _FLOAT_WORD.findall('  %double = add i64 %float.1, 1 ; "half" @half') == []


@compiled
def test_second_process_shares_the_work(tmp_path: Path) -> None:
    """The result of two processes is a full cache, and a warm start only loads."""
    # The four kernels of the self-test stand for all.
    few = "all_kernels = warmup.entry_kernels; warmup.entry_kernels = lambda: [k for k in all_kernels() if "
    few += "k.__module__.endswith('selftest')]"
    code = (
        f"from physics_fixed import warmup; {few}\n"
        f"few = {few!r}\n"
        "warmup._CHILD_COMMAND = warmup._CHILD_COMMAND.replace(';', ';' + few + ';')\n"
        "warmup.compile_all(); kernels = warmup.entry_kernels()\n"
        "print(len(kernels), all(k.is_cached for k in kernels), all(k.was_loaded for k in kernels))"
    )
    assert run(code, tmp_path).split()[:2] == ["4", "True"]
    assert run(code, tmp_path).split() == ["4", "True", "True"]


def test_warm_up_without_compiler_does_nothing(tmp_path: Path) -> None:
    code = "from physics_fixed import warmup; warmup.compile_all(print); print('nothing')"
    assert run(code, tmp_path, LOCKSTEP_COMPILER="off") == "nothing"


def test_products_called_from_python_are_checked() -> None:
    with pytest.raises(OverflowError):
        mul_shift(1 << 62, 1 << 62, 24)
    assert jit.COMPILER_ON == COMPILER_ON
    assert warmup.COMPILER_ON == COMPILER_ON
