"""Jinja, sandboxed and strict: an unknown name is an error; what a template may do: `sandbox`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any


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
    environment: Any = None

    def render(text: str) -> str:
        nonlocal environment
        if environment is None:
            from cdmq.project.sandbox import (
                Sandbox,  # jinja2 takes a while; most projects need none
            )

            environment = Sandbox()
            environment.globals = dict(names)
        environment.begin()
        try:
            module = environment.from_string(macros).make_module() if macros else None
            exported = (
                {k: v for k, v in vars(module).items() if not k.startswith("_")} if module else {}
            )
            return str(environment.from_string(text).render(exported))
        except RecursionError:
            raise TemplateProblem(
                "Jinja: a macro calls itself without end, or brackets are nested too deep"
            ) from None
        except Exception as error:  # a template can fail in as many ways as Python can
            raise _told(error) from None
        finally:
            environment.end()

    return render


class TemplateProblem(ValueError):
    """What is wrong in a template, the line in it where that is known, and what to do."""

    def __init__(self, cause: str, remedy: str = "", line: int = 0) -> None:
        super().__init__(cause)
        self.remedy, self.line = remedy, line


def _told(error: Exception) -> TemplateProblem:
    from jinja2 import TemplateSyntaxError, UndefinedError
    from jinja2.exceptions import SecurityError

    line = getattr(error, "lineno", 0) or 0
    frame = error.__traceback__
    while frame and not line:
        line = frame.tb_lineno if frame.tb_frame.f_code.co_filename == "<template>" else 0
        frame = frame.tb_next
    if isinstance(error, ValueError):  # one of our own functions
        cause, _, remedy = str(error).partition("; ")
        return TemplateProblem(cause, remedy, line)
    if type(error).__name__ == "Endless":
        return TemplateProblem(
            f"Jinja: too much for a template: {error}",
            "a template writes the text of a rule; write it out, or do the work in SQL",
            line,
        )
    cause = f"Jinja: {re.sub(r'[^ ]*<locals>[.]', '', str(error)).rstrip('.')}"
    if isinstance(error, UndefinedError):
        env = "'env_var'" in cause
        return TemplateProblem(
            cause,
            "env_var() is known in profiles.yml only" if env else "known here: var() and macros",
            line,
        )
    remedy = (
        "a template reaches no Python"
        if isinstance(error, SecurityError)
        else ("look at its brackets" if isinstance(error, TemplateSyntaxError) else "")
    )
    return TemplateProblem(cause if str(error) else f"Jinja: {type(error).__name__}", remedy, line)


def syntax_problem(text: str) -> TemplateProblem | None:
    """What is wrong in a file of macros, before anything is rendered."""
    from jinja2 import TemplateSyntaxError

    from cdmq.project.sandbox import Sandbox

    try:
        Sandbox().parse(text)
    except TemplateSyntaxError as error:
        return _told(error)
    return None
