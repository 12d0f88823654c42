"""What a template may take: it is refused before it takes more, and plain ones are as ever."""

from __future__ import annotations

import resource

import pytest

from cdmq.project.templates import TemplateProblem, renderer, variables_reader

MACROS = """{% macro m(x) %}<{{ x }}>{% endmacro %}
{%- macro rec(n) %}{% if n %}{{ rec(n-1) }}{{ rec(n-1) }}{% endif %}{% endmacro %}"""
VALUES = {"l": ["a", "b"], "n": "5"}
PLAIN = {
    "{{ var('l')|join(', ') }}": "a, b",
    "{% for x in var('l') %}{{ x ~ loop.length }}{% if not loop.last %},{% endif %}{% endfor %}": "a2,b2",
    "{{ m('y') }}": "<y>",
    "{{ var('l')|map('upper')|join('-') }}": "A-B",
    "{{ 'a' if 1 < 2 and 'a' in ['a', 'b'] else 'b' }}": "a",
    "{{ ','.join(['a', 'b']) }}": "a,b",
    "{% set x = [1, 2] + [3] %}{{ x|sum }}{{ x[0:2] }}": "6[1, 2]",
    "{% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{% endfor %}": "a=1",
    "{{ 'a b'.split(' ')[1]|upper|replace('B', 'cc') }}": "cc",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}": "12",
    "{{ [3, 1]|sort|list }} {{ 2.345|round(1) }} {{ 3 is odd }} {{ x is defined }}": "[1, 3] 2.3 True False",
    "{% filter upper %}abc{% endfilter %}{% set z %}d{{ 1 }}{% endset %}{{ z }}": "ABCd1",
    "{{ {'a': [1]}|tojson }}{{ 3 * 'ab' }}{{ 2**10 }}": '{"a": [1]}ababab1024',
}
ENDLESS = [
    "{% set a='x'*900000 %}{{ a|replace('x',a) }}",
    "{% set a='x'*900000 %}{{ a.replace('x',a) }}",
    "{% set a='x'*900000 %}{{ a|list|join(a) }}",
    "{% set a='x'*900000 %}{{ a.join(a) }}",
    "{{ '{:>9999999999}'.format(1) }}",
    "{{ 'a'.ljust(10000000000) }}",
    "{{ 1.5|round(999999999,'floor') }}",
    "{{ (1).to_bytes(999999999) }}",
    "{{ [1]|tojson(999999999) }}",
    "{% set x=[1] %}" + "{% set x=[x,x] %}" * 40 + "{{ x }}",
    "{% set x=[1] %}" + "{% set x=[x,x] %}" * 40 + "{{ x == x }}",
    "{% set x='a' %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}",
    "{% set x=9 %}" + "{% set x = x * x %}" * 60 + "{{ x }}",
    "{% set a='x'*300000 %}{% for i in a %}{% for j in a %}{% endfor %}{% endfor %}",
    "{% set a='x'*90000 %}{% for i in a %}{{ a }}{% endfor %}",
    "{% set a='x'*90000 %}{% for i in a %}{% set b = a ~ i %}{% endfor %}",
    "{% set a='x'*90000 %}{% for i in a %}{{ a|upper|length }}{% endfor %}",
    "{% set a=('x'*999999)|list %}{% for i in 'x'*90000 %}{{ 'y' in a }}{% endfor %}",
    "{{ rec(90) }}",
    "{{ [[1]]*1000|sum(start=[]) }}",
    "{{ 'a'.encode('x'*9) }}",
    "{{ 'a'.expandtabs(99999999999) }}",
    "{{ 'x'.zfill(99999) }}",
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{% block a %}{{ self.a() }}{% endblock %}",
    "{{ '%9999999999d' % 1 }}",
    "{{ ('a'*100000)|map('upper')|list|length }}",
]


@pytest.fixture(scope="module")
def render():
    return renderer({"var": variables_reader(VALUES)}, MACROS)


@pytest.mark.parametrize("text", PLAIN)
def test_plain_templates(text: str, render) -> None:
    assert render(text) == PLAIN[text]


@pytest.mark.parametrize("text", ENDLESS, ids=lambda t: t[:40])
def test_what_would_take_all_is_refused(text: str, render) -> None:
    """Without much memory; that it ends at all is its time."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TemplateProblem):
        render(text)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000


def test_all_templates_share_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    import cdmq.project.sandbox

    monkeypatch.setattr(cdmq.project.sandbox, "SECONDS", 0.0)
    with pytest.raises(TemplateProblem, match="seconds"):
        renderer({"var": variables_reader(VALUES)})("{% for x in var('l') %}{{ x }}{% endfor %}")
