"""The project's own source as syntax trees, and what each module imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, eq=False)
class Module:
    name: str
    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """The part of the house it stands in: app.services.holds → services."""
        return room_of(self.name)

    @property
    def where(self) -> str:
        return str(self.path.relative_to(ROOT))


def room_of(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "app"


@cache
def modules() -> tuple[Module, ...]:
    paths = sorted((ROOT / "app").rglob("*.py"))
    return tuple(Module(_name(path), path, ast.parse(path.read_text())) for path in paths)


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(module: Module) -> Iterator[str]:
    """Full names of what a module imports, wherever in it, type checking included."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.where}: imports are absolute"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def called(tree: ast.AST) -> tuple[tuple[str, int], ...]:
    """Dotted names of everything that is called, and the line."""
    return tuple((ast.unparse(node.func), node.lineno) for node in ast.walk(tree) if isinstance(node, ast.Call))


def texts(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every string that is not a docstring."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value, node.lineno
