"""What happens to the people of the small project, and what is told of them."""

from __future__ import annotations

from people_project import steady
from small_project import Small

MERGED = ("data/crm.csv", ("bert@example.com,222", "bert@example.com,111"))
GONE = ("data/crm.csv", ("3,Huber,carl@example.com,333,Köln,\n", ""))
MOVED = ("data/shop.csv", ("1,Maier,anna@example.com", "1,Maier,anne@example.com"))
#: Anna has three records then: the most of what is left of the merged party when Anne leaves it.
THIRD = ("data/shop.csv", ("2,Meyer,bert@example.com", "2,Meyer,anna@example.com"))
#: Ids are made of the rule and the smallest key.
ANNA, BERT, CARL, ANNE = (
    "P5C1A6F5EAAC83891",
    "PA986B7169EE2C0D1",
    "P2B810D886A4960D6",
    "PF84141BF62A8A051",
)
IDS = {
    ANNA: "P-ANNA",
    BERT: "P-BERT",
    CARL: "P-CARL",
    ANNE: "P-ANNE",
    "P58A33E53612F056F": "G-BONN",
    "P27E0936049AFA135": "G-MAIER",
}


def told_story(project: Small, *words: str) -> str:
    told = project.told("explain", "--record", *words)
    assert (told.code, told.err) == (0, "")
    return steady(told.out, IDS)
