"""What can be refused by looking at the words of an expression, before it is parsed."""

from __future__ import annotations

from typing import Any, NoReturn

from sqlglot.tokenizer_core import TokenType

from cdmq.sql.problem import COMMENT, CONSTRUCT, SEVERAL, STATEMENT, SYNTAX, SqlProblem
from cdmq.sql.statements import STATEMENTS

_CURLY = "\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb"
_NOT_TEXT = {
    TokenType.BYTE_STRING: "E'...'",
    TokenType.RAW_STRING: "$$...$$",
    TokenType.HEX_STRING: "x'...'",
    TokenType.BIT_STRING: "b'...'",
    TokenType.NATIONAL_STRING: "N'...'",
    TokenType.HEREDOC_STRING: "$$...$$",
    TokenType.UNICODE_STRING: "U&'...'",
}
_BETWEEN = frozenset(
    {
        TokenType.AND,
        TokenType.OR,
        TokenType.EQ,
        TokenType.NEQ,
        TokenType.LT,
        TokenType.LTE,
        TokenType.GT,
        TokenType.GTE,
        TokenType.DPIPE,
        TokenType.SLASH,
        TokenType.DIV,
        TokenType.LIKE,
        TokenType.ILIKE,
        TokenType.BETWEEN,
        TokenType.IN,
        TokenType.IS,
        TokenType.DCOLON,
        TokenType.MOD,
    }
)
_OPENING = frozenset({TokenType.L_PAREN, TokenType.COMMA, TokenType.NOT})
_OPERATORS = {
    "~": "write regexp_matches(column, 'pattern')",
    "!~": "write not regexp_matches(column, 'pattern')",
    "^": "write the product: x * x",
    "**": "write the product: x * x",
    "=>": "write >=",
    "=<": "write <=",
    "≥": "write >=",
    "≤": "write <=",
    "≠": "write <>",
    "=!": "write <>",
    "@": "write abs(x)",
    "~~": "write like",
    "!~~": "write not like",
    "~*": "write regexp_matches(column, '(?i)pattern')",
}


def look(text: str, tokens: list[Any]) -> None:
    """Raise SqlProblem for what no expression may hold."""
    _characters(text)
    before = None
    open_brackets: list[int] = []
    for token in tokens:
        if token.comments:
            place = _comment_place(text)
            remedy = "put the reason in the rule's 'why:'"
            raise SqlProblem(COMMENT, "an expression holds no comment", remedy, place)
        if found := _refused(token, before):
            raise SqlProblem(*found, token.start + 1)
        if token.token_type == TokenType.VAR:
            curly(token.text, token.start)
        _bracket(token, open_brackets)
        before = token
    if open_brackets:
        raise SqlProblem(
            SYNTAX, "this '(' is never closed", "write the missing ')'", open_brackets[-1] + 1
        )
    _statement(tokens)


def _refused(token: Any, before: Any) -> tuple[str, str, str] | None:
    """Code, cause and remedy of a token that no expression may hold."""
    form, word = token.token_type, token.text
    if form == TokenType.SEMICOLON:
        cause = "a ';' does not belong into an expression"
        return SEVERAL, cause, "write one expression; join two with AND"
    if form in _NOT_TEXT:
        cause = f"text is not written as {_NOT_TEXT[form]} here"
        return CONSTRUCT, cause, "write it in single quotes: 'text'"
    if form == TokenType.STRING and before is not None and before.token_type == form:
        cause = f"two texts stand side by side: '{before.text}' '{word}'"
        return SYNTAX, cause, "put a comma between them, or || to join them"
    if word in _OPERATORS and form not in (TokenType.STRING, TokenType.IDENTIFIER):
        return CONSTRUCT, f"the operator {word} is not allowed in a rule", _OPERATORS[word]
    return None


def _characters(text: str) -> None:
    at = text.find("\0")
    if at >= 0:
        raise SqlProblem(SYNTAX, "the expression holds a NUL character", "delete it", at + 1)


def _comment_place(text: str) -> int:
    """Where the first comment begins, not counting what stands in quotes."""
    quote = ""
    for i, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif text[i : i + 2] in ("--", "/*"):
            return i + 1
    return 1


def _bracket(token: Any, open_brackets: list[int]) -> None:
    if token.token_type == TokenType.L_PAREN:
        open_brackets.append(token.start)
    elif token.token_type == TokenType.R_PAREN:
        if not open_brackets:
            raise SqlProblem(
                SYNTAX, "this ')' was never opened", "delete it or write the '('", token.start + 1
            )
        open_brackets.pop()


def _statement(tokens: list[Any]) -> None:
    first = tokens[0]
    word = first.text.lower()
    quoted = first.token_type in (TokenType.IDENTIFIER, TokenType.STRING)
    if quoted or word not in STATEMENTS or len(tokens) < 2:
        return
    follower = tokens[1]
    words = (
        TokenType.VAR,
        TokenType.IDENTIFIER,
        TokenType.STAR,
        TokenType.STRING,
        TokenType.NUMBER,
        TokenType.TABLE,
        TokenType.VIEW,
        TokenType.INTO,
        TokenType.FROM,
    )
    if word == "select" or follower.token_type in words:
        raise SqlProblem(
            STATEMENT,
            f"'{word}' begins a statement; a rule holds one expression",
            "write only the condition, for example: amount > 0",
            first.start + 1,
        )


def curly(text: str, start: int = 0) -> None:
    """Quotes that a word processor made, where a name or an operator should stand."""
    for i, char in enumerate(text):
        if char in _CURLY:
            raise SqlProblem(
                SYNTAX,
                f"the quote {char} is not one that SQL knows",
                "write ' around text and \" around names",
                start + i + 1,
            )


def gap(tokens: list[Any]) -> SqlProblem | None:
    """Two operators side by side, or one with nothing before or after it."""
    before = None
    for token in tokens:
        if token.token_type in _BETWEEN:
            if before is None:
                return SqlProblem(
                    SYNTAX,
                    f"something is missing before '{token.text}'",
                    "write what stands on its left",
                    token.start + 1,
                )
            if before.token_type in _BETWEEN or before.token_type in _OPENING:
                turned = token.text + before.text
                return SqlProblem(
                    SYNTAX,
                    f"something is missing between '{before.text}' and '{token.text}'",
                    f"write {turned}"
                    if turned in ("<=", ">=")
                    else "write what stands between them",
                    token.start + 1,
                )
        before = token
    if before is not None and before.token_type in _BETWEEN:
        return SqlProblem(
            SYNTAX,
            f"something is missing after '{before.text}'",
            "finish the expression",
            before.end + 2,
        )
    return None


def several(tokens: list[Any], at: int) -> SqlProblem | None:
    """Words side by side before the one that is not expected: a name with blanks in it."""
    first = at
    while first > 0 and tokens[first - 1].token_type == TokenType.VAR:
        first -= 1
    if at - first < 2 or tokens[at].token_type == TokenType.COLON:
        return None
    last = at
    while last < len(tokens) and tokens[last].token_type == TokenType.VAR:
        last += 1
    name = " ".join(t.text for t in tokens[first:last])
    return SqlProblem(
        SYNTAX,
        f"{last - first} words stand side by side: {name}",
        f'is it the name of one column, write it in double quotes: "{name}"',
        tokens[first].start + 1,
    )


def unfinished(text: str) -> NoReturn:
    """The text could not be cut into words: a quote is open."""
    curly(text)
    state, place, i = "", 0, 0
    while i < len(text):
        char = text[i]
        if not state and char in "'\"":
            state, place = char, i
        elif state and char == state:
            state = ""
        i += 1
    if state:
        raise SqlProblem(
            SYNTAX,
            f"the quote {state} is never closed",
            f"write the missing {state}; a quote inside is written twice",
            place + 1,
        )
    raise SqlProblem(SYNTAX, "this cannot be read as SQL", "look for a stray character", 1)
