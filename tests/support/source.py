"""The product's own source files, as the architecture tests look at them."""

from __future__ import annotations

import ast
import io
import subprocess
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("kernel", "payments", "portal", "crm_sync")
PACKAGES = (*PRODUCT, "sandbox")
_SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: Path

    @property
    def name(self) -> str:
        """Its path from the root, with slashes."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        """Its content."""
        return _read(self.path)

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return _parse(self.path)

    def code_lines(self) -> set[int]:
        """The numbers of its lines that hold code: no blanks, comments or docstrings."""
        return _code_lines(self)

    def functions(self) -> Iterator[tuple[str, int]]:
        """Each function with the number of its code lines, its `def` included."""
        code = self.code_lines()
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield f"{self.name}:{node.lineno} {node.name}", len(code & set(range(node.lineno, _end(node) + 1)))

    def docstring_lines(self) -> set[int]:
        """The numbers of the lines that its docstrings take."""
        lines: set[int] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                first = node.body[0] if node.body else None
                if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                    lines.update(range(first.lineno, _end(first) + 1))
        return lines


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def sources(*folders: str) -> list[Source]:
    """The Python files below these folders of the root."""
    return [
        Source(path) for path in tracked_files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders
    ]


@cache
def _code_lines(source: Source) -> set[int]:
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type not in _SKIPPED and token.type != tokenize.ENDMARKER:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines - source.docstring_lines()


@cache
def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(_read(path))


def _end(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
