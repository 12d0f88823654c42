"""Jinja, sandboxed and strict: an unknown name is an error, and no Python is reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment


def variables_reader(variables: Mapping[str, Any]) -> Callable[..., Any]:
    """`var('name')`, `var('name', 'default')`, as dbt has them."""

    def var(name: str, *default: Any) -> Any:
        if name in variables:
            return variables[name]
        if default:
            return default[0]
        raise ValueError(f"the variable '{name}' has no value; set it under vars: or with --vars")

    return var


def renderer(names: Mapping[str, Any], macros: str = "") -> Callable[[str], str]:
    """A function that renders one text. It raises ValueError with what is wrong in a sentence."""
    environment = cache(lambda: _environment(names, macros))

    def render(text: str) -> str:
        from jinja2 import TemplateError

        try:
            made, exported = environment()
            return str(made.from_string(text).render(exported))
        except TemplateError as error:
            raise ValueError(f"Jinja: {error.message or error}") from None
        except (TypeError, ArithmeticError, LookupError) as error:
            raise ValueError(f"Jinja: {error}") from None

    return render


def _environment(names: Mapping[str, Any], macros: str) -> tuple[Any, dict[str, Any]]:
    """The sandbox, made when the first text needs it, and what the macros export."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    made.globals = dict(names)
    module = made.from_string(macros).make_module() if macros else None
    exported = vars(module) if module else {}
    return made, {k: v for k, v in exported.items() if not k.startswith("_")}
