"""Packages say what they hold and do nothing when imported."""

from __future__ import annotations

import ast

from tests.support.source import PACKAGES, ROOT, sources, tracked_files


def test_every_folder_with_python_is_a_package() -> None:
    folders = {source.path.parent for source in sources(*PACKAGES)}

    assert [folder.relative_to(ROOT).as_posix() for folder in folders if not (folder / "__init__.py").exists()] == []


def test_an_init_file_holds_a_docstring_and_nothing_else() -> None:
    for source in sources(*PACKAGES):
        if source.path.name == "__init__.py":
            assert ast.get_docstring(source.tree), f"{source.name} does not say what the package holds"
            assert len(source.tree.body) == 1, f"{source.name} does more than say what the package holds"


def test_every_module_says_what_it_holds() -> None:
    assert [source.name for source in sources(*PACKAGES) if not ast.get_docstring(source.tree)] == []


def test_imports_of_the_product_are_absolute() -> None:
    relative = [
        f"{source.name}:{node.lineno}"
        for source in sources(*PACKAGES)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]

    assert relative == []


def test_nothing_of_the_demo_is_imported_by_the_product() -> None:
    """portal/demo starts servers and invents a company; only the command line may reach for it."""
    allowed = {"portal/cli.py"}
    found = [
        f"{source.name}:{node.lineno}"
        for source in sources(*PACKAGES)
        if source.name not in allowed and not source.name.startswith("portal/demo/")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("portal.demo")
    ]

    assert found == []


def test_compiled_and_generated_files_are_not_in_the_repository() -> None:
    assert [path.name for path in tracked_files() if path.suffix in {".pyc", ".mo", ".sqlite", ".log"}] == []
