"""The Jinja that templates run in: no Python is reached, and a template ends.

Each template has a budget: steps of its loops, calls and comparisons, and what it makes, counted
in characters and items. All templates of one environment share a time. What would outgrow them is
refused before it is made. Only filters and methods stand open whose cost is known.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from jinja2 import Environment, StrictUndefined, nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

#: Steps of one template.
STEPS = 100_000
#: Characters of a text, or values in a list, with those in the lists in it.
LENGTH = 1_000_000
#: Characters and values that one template makes in all.
MADE = 20_000_000
#: Seconds of CPU for all templates of an environment.
SECONDS = 20.0
#: Bits of a whole number: 3,000 digits.
BITS = 10_000

_FILTERS = """
    abs capitalize count d default dictsort first float groupby int items join last length list
    lower map max min reject rejectattr replace reverse round select selectattr sort string sum
    title tojson trim truncate unique upper wordcount
""".split()  # noqa: SIM905
_OF_TEXT = """
    capitalize casefold count endswith find index isalnum isalpha isdecimal isdigit islower
    isnumeric isspace istitle isupper join lower lstrip partition removeprefix removesuffix
    replace rfind rindex rpartition rsplit rstrip split splitlines startswith strip swapcase
    title upper
""".split()  # noqa: SIM905
_METHODS: Mapping[type, list[str]] = {
    str: _OF_TEXT,
    list: ["count", "index"],
    tuple: ["count", "index"],
    dict: ["get", "items", "keys", "values"],
    int: [],
    float: [],
    bytes: [],
}


#: What Jinja hands a filter besides the values of the template.
_PASSED = (Environment, Context, nodes.EvalContext)


class Endless(Exception):
    """What a template does that would take all time or memory."""


def size(value: Any, most: int = LENGTH) -> int:
    """Characters and values in `value`, each as often as it stands there. Raises Endless."""
    total, rest = 0, [value]
    while rest:
        one = rest.pop()
        if isinstance(one, str):
            total += len(one)
        elif isinstance(one, Mapping):
            total += len(one)
            rest += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            total += len(one)
            rest += one
        else:
            total += 1
        if total > most or len(rest) > most:
            raise Endless(f"a text or list of more than {most:,} characters or items")
    return total


class Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(("*", "**", "%", "+"))

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,
            optimized=False,
            finalize=self.sized,
        )
        self.steps = self.made = 0
        self.begun: float | None = None
        self.spent = 0.0
        self.filters = {name: self._budgeted(self.filters[name], name) for name in _FILTERS}
        self.filters |= {
            "_counted": self.counted,
            "_sized": self.sized,
            "_joined": self.joined,
            "_stepped": self.stepped,
        }
        self.tests = {name: self._budgeted(test, name) for name, test in self.tests.items()}
        setattr(self, "concat", self.joined)  # noqa: B010  Jinja states it as a function

    def begin(self) -> None:
        """A new template: its steps and what it makes count from here."""
        self.steps = self.made = 0
        self.begun = time.process_time()

    def end(self) -> None:
        if self.begun is not None:
            self.spent += time.process_time() - self.begun
            self.begun = None

    def _parse(self, *given: Any) -> nodes.Template:
        """Called by compile(), for templates and macros alike."""
        tree: nodes.Template = _Watched().visit(super()._parse(*given))
        tree.set_environment(self)
        return tree

    def step(self) -> None:
        self.steps += 1
        if self.steps > STEPS:
            raise Endless(f"more than {STEPS:,} steps")
        if self.begun is not None and self.spent + time.process_time() - self.begun > SECONDS:
            raise Endless(f"more than {SECONDS:.0f} seconds")

    def sized(self, value: Any) -> Any:
        """`value`, when the template may make so much."""
        self.made += size(value)
        if self.made > MADE:
            raise Endless(f"more than {MADE:,} characters and items in all")
        return value

    def stepped(self, value: Any) -> Any:
        self.step()
        return value

    def counted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.step()
            yield item

    def joined(self, parts: Iterable[Any]) -> str:
        total, texts = 0, []
        for part in parts:
            total += len(part) if isinstance(part, str) else size(part)
            if total > LENGTH:
                raise Endless(f"a text of more than {LENGTH:,} characters")
            texts.append(str(part))
        return str(self.sized("".join(texts)))

    def _budgeted(self, made: Any, name: str) -> Callable[..., Any]:
        """A filter or test that counts as a step, and whose result is counted."""

        @functools.wraps(made)
        def budgeted(*given: Any, **words: Any) -> Any:
            self.step()
            _before(name, [v for v in given if not isinstance(v, _PASSED)], words)
            found = made(*given, **words)
            return self.counted(found) if isinstance(found, Iterator) else self.sized(found)

        return budgeted

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        named = next((m for cls, m in _METHODS.items() if isinstance(obj, cls)), None)
        return super().is_safe_attribute(obj, attr, value) and (named is None or attr in named)

    def wrap_str_format(self, value: Any) -> None:
        """Texts have no format() here: `'{:>999999999}'` would fill all memory."""

    def call(self, context: Any, called: Any, /, *given: Any, **words: Any) -> Any:
        self.step()
        owner = getattr(called, "__self__", None)
        if isinstance(owner, tuple(_METHODS)):
            _before(called.__name__, [owner, *given], words)
        return self.sized(super().call(context, called, *given, **words))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        whole = isinstance(left, int) and isinstance(right, int)
        if operator == "%" and isinstance(left, str):
            raise Endless("% on a text: write {{ }} beside it")
        if operator == "**" and whole and abs(right) * abs(left).bit_length() > BITS:
            raise Endless("a number of more than 3,000 digits")
        if operator == "*" and whole and left.bit_length() + right.bit_length() > BITS:
            raise Endless("a number of more than 3,000 digits")
        if operator == "*" and not whole:
            for many, times in ((left, right), (right, left)):
                if (
                    isinstance(times, int)
                    and isinstance(many, (str, list, tuple))
                    and (size(many) * times > LENGTH)
                ):
                    raise Endless(f"a text or list of more than {LENGTH:,} characters or items")
        return self.sized(super().call_binop(context, operator, left, right))


def _before(name: str, given: list[Any], words: Mapping[str, Any]) -> None:
    """Refuse what would be too much before it is made. Raises Endless."""
    for value in (*given, *words.values()):
        if not isinstance(value, Iterator):
            size(value)
    if name == "replace" and len(given) >= 3 and all(isinstance(v, str) for v in given[:3]):
        text, old, new = given[:3]
        if len(text) + text.count(old) * len(new) > LENGTH:
            raise Endless(f"a text of more than {LENGTH:,} characters")
    if name == "join" and given:
        between = next((v for v in (*given[1:2], *words.values()) if isinstance(v, str)), "")
        if isinstance(given[0], str) and len(given) > 1:  # 'x'.join(items)
            between, given = given[0], given[1:]
        if isinstance(given[0], (list, tuple, str)) and len(given[0]) * len(between) > LENGTH:
            raise Endless(f"a text of more than {LENGTH:,} characters")
    if name == "round" and any(
        isinstance(v, int) and abs(v) > 30 for v in (*given[1:], *words.values())
    ):
        raise Endless("more than 30 digits behind the point")
    if name == "tojson" and (len(given) > 1 or words):
        raise Endless("tojson with an indent")
    if name == "sum" and any(
        not isinstance(v, (int, float, str)) for v in (*given[1:], *words.values())
    ):
        raise Endless("sum of lists")


def _through(name: str, node: Any) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


class _Watched(NodeTransformer):
    """Puts a filter that counts around what a template loops over, compares and puts together."""

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        super().generic_visit(node, *args, **kwargs)
        if isinstance(node, nodes.For):
            node.iter = _through("_counted", node.iter)
        if isinstance(node, nodes.Concat):
            return _through("_joined", nodes.List(node.nodes, lineno=node.lineno))
        if isinstance(node, nodes.Compare):
            return _through("_stepped", node)
        if isinstance(node, (nodes.List, nodes.Dict)) or (
            isinstance(node, nodes.Tuple) and node.ctx == "load"
        ):
            return _through("_sized", node)
        return node
