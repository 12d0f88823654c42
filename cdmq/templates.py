"""Jinja, sandboxed and strict: an unknown name is an error, and no Python is reached.

A template ends: its loops and calls are counted, and no text or number grows beyond measure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

#: Steps of all loops, and calls, of one template.
_STEPS = 100_000
#: Characters of a text, or items of a list.
_LENGTH = 1_000_000
#: Filters that the clock or chance moves, or that make a text of any length.
_REFUSED = ("random", "center", "indent", "format", "wordwrap", "xmlattr", "pprint")


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
    environment = _sandbox()()
    environment.globals = dict(names)

    def render(text: str) -> str:
        environment.steps = 0
        try:
            module = environment.from_string(macros).make_module() if macros else None
            exported = {
                k: v for k, v in vars(module).items() if not k.startswith("_")
            } if module else {}
            return str(_short_enough(environment.from_string(text).render(exported)))
        except RecursionError:
            raise TemplateProblem("Jinja: a macro calls itself without end, or brackets are "
                                  "nested too deep") from None
        except Exception as error:  # a template can fail in as many ways as Python can
            raise _told(error) from None

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
    cause = f"Jinja: {re.sub(r'[^ ]*<locals>[.]', '', str(error)).rstrip('.')}"
    if isinstance(error, UndefinedError):
        env = "'env_var'" in cause
        return TemplateProblem(cause, "env_var() is known in profiles.yml only" if env else
                               "known here: var() and macros", line)
    remedy = "a template reaches no Python" if isinstance(error, SecurityError) else (
        "look at its brackets" if isinstance(error, TemplateSyntaxError) else "")
    return TemplateProblem(cause if str(error) else f"Jinja: {type(error).__name__}", remedy, line)


def syntax_problem(text: str) -> TemplateProblem | None:
    """What is wrong in a file of macros, before anything is rendered."""
    from jinja2 import TemplateSyntaxError

    try:
        _sandbox()().parse(text)
    except TemplateSyntaxError as error:
        return _told(error)
    return None


class _Endless(Exception):
    """What a template does that would take all time or memory."""


def _short_enough(value: Any) -> Any:
    if isinstance(value, (str, list, tuple)) and len(value) > _LENGTH:
        raise _Endless(f"a text or list of more than {_LENGTH:,} characters or items")
    return value


@cache
def _sandbox() -> type[Any]:
    """The environment's class, made when the first template is rendered."""
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(("*", "**", "%", "+"))

        def __init__(self) -> None:
            from jinja2 import StrictUndefined

            super().__init__(undefined=StrictUndefined, keep_trailing_newline=True,
                             autoescape=False)
            self.steps = 0
            for name in _REFUSED:
                del self.filters[name]
            self.filters["_counted"] = self.counted

        def _parse(self, *given: Any) -> nodes.Template:
            """Called by compile(), for templates and macros alike."""
            tree = super()._parse(*given)
            for loop in list(tree.find_all(nodes.For)):
                loop.iter = nodes.Filter(loop.iter, "_counted", [], [], None, None)
            tree.set_environment(self)
            return tree

        def step(self) -> None:
            self.steps += 1
            if self.steps > _STEPS:
                raise _Endless(f"more than {_STEPS:,} steps")

        def counted(self, items: Iterable[Any]) -> Iterator[Any]:
            for item in items:
                self.step()
                yield item

        def call(self, context: Any, called: Any, /, *given: Any, **words: Any) -> Any:
            self.step()
            if any(isinstance(v, int) and v > _LENGTH for v in (*given, *words.values())) and (
                    isinstance(getattr(called, "__self__", None), (str, list))):
                raise _Endless(f"a text of more than {_LENGTH:,} characters")
            return _short_enough(super().call(context, called, *given, **words))

        def call_binop(
            self, context: Any, operator: str, left: Any, right: Any
        ) -> Any:
            sizes = [len(v) if hasattr(v, "__len__") else v for v in (left, right)]
            whole = all(isinstance(s, int) for s in sizes)
            if operator == "*" and whole and any(hasattr(v, "__len__") for v in (left, right)) and (
                    sizes[0] * sizes[1] > _LENGTH):
                raise _Endless(f"a text or list of more than {_LENGTH:,} characters or items")
            if operator == "**" and whole and abs(right) * abs(left).bit_length() > 10_000:
                raise _Endless("a number of more than 3,000 digits")
            if operator == "%" and isinstance(left, str):
                raise _Endless("% on a text: write {{ }} beside it")
            return _short_enough(super().call_binop(context, operator, left, right))

    return Sandbox

