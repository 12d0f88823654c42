"""The process of Splink: splink_by_hand.py SETTINGS DATA FOLDER THREADS [MODEL].

What somebody writes who knows Splink 5 and the data: comparisons from its library, blocking rules
for predicting and for training, u from 1e6 random pairs. DATA is parquet with `unique_id`; into
FOLDER go the pairs of 50% and more, the clusters of those of 95%, and the model. With MODEL, the
path of one, nothing is trained.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import splink.comparison_level_library as level
import splink.comparison_library as compare
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

THRESHOLD, KEPT = 0.95, 0.5


@dataclass(frozen=True)
class ByHand:
    """`sure`: rules that hardly ever join two people; `recall`: the share of pairs they find."""

    comparisons: Sequence[Any]
    blocks: Sequence[Any]
    sure: Sequence[Any]
    recall: float
    training: Sequence[Any]


def names(first: str, last: str) -> Any:
    return compare.ForenameSurnameComparison(first, last)


def date(column: str) -> Any:
    return compare.DateOfBirthComparison(column, input_is_string=False)


def febrl() -> ByHand:
    swapped = (
        "l.given_name = r.surname AND l.surname = r.given_name "
        "AND l.date_of_birth = r.date_of_birth"
    )
    return ByHand(
        comparisons=[
            names("given_name", "surname"),
            date("date_of_birth"),
            compare.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            compare.LevenshteinAtThresholds("street_number", [1]),
            compare.JaroWinklerAtThresholds("address_1", [0.92, 0.8]),
            compare.JaroWinklerAtThresholds("address_2", [0.92, 0.8]),
            compare.JaroWinklerAtThresholds("suburb", [0.92, 0.8]),
            compare.DamerauLevenshteinAtThresholds("postcode", [1, 2]),
            compare.ExactMatch("state"),
        ],
        blocks=[
            block_on("soc_sec_id"),
            block_on("date_of_birth"),
            block_on("given_name", "surname"),
            block_on("surname", "postcode"),
            block_on("given_name", "postcode"),
            block_on("address_1", "postcode"),
            block_on("suburb", "street_number"),
            block_on("surname", "suburb"),
            block_on("address_1", "street_number"),
        ],
        sure=[block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth"), swapped],
        recall=0.9,
        training=[block_on("date_of_birth"), block_on("postcode")],
    )


def people() -> ByHand:
    address = compare.CustomComparison(
        [
            level.And(level.NullLevel("street"), level.NullLevel("postcode")),
            level.And(level.ExactMatchLevel("street"), level.ExactMatchLevel("postcode")),
            level.ExactMatchLevel("street", term_frequency_adjustments=True),
            level.And(level.JaroWinklerLevel("street", 0.92), level.ExactMatchLevel("city")),
            level.ExactMatchLevel("postcode", term_frequency_adjustments=True),
            level.ExactMatchLevel("city", term_frequency_adjustments=True),
            level.ElseLevel(),
        ],
        output_column_name="address",
    )
    return ByHand(
        comparisons=[
            names("first_name", "surname"),
            date("dob"),
            compare.EmailComparison("email"),
            compare.LevenshteinAtThresholds("phone", [1]),
            address,
        ],
        blocks=[
            block_on("email"),
            block_on("phone"),
            block_on("surname", "dob"),
            block_on("first_name", "dob"),
            block_on("surname", "postcode", "substr(first_name, 1, 1)"),
            block_on("first_name", "street"),
            block_on("first_name", "surname", "city"),
        ],
        sure=[block_on("email"), block_on("first_name", "surname", "dob")],
        recall=0.7,
        training=[block_on("email"), block_on("dob", "surname"), block_on("dob", "first_name")],
    )


SETTINGS: dict[str, Callable[[], ByHand]] = {"febrl": febrl, "people": people}


def train(linker: Linker, by_hand: ByHand) -> None:
    linker.training.estimate_probability_two_random_records_match(
        list(by_hand.sure), recall=by_hand.recall
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in by_hand.training:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)


def linker(
    connection: duckdb.DuckDBPyConnection, which: str, data: str, model: str | None = None
) -> Linker:
    warnings.filterwarnings("ignore")
    connection.read_parquet(data).create("records")
    by_hand = SETTINGS[which]()
    settings: Any = model or SettingsCreator(
        link_type="dedupe_only",
        comparisons=list(by_hand.comparisons),
        blocking_rules_to_generate_predictions=list(by_hand.blocks),
    )
    found = Linker(DuckDBAPI(connection).register("records"), settings, log_level="ERROR")
    if model is None:
        train(found, by_hand)
    return found


def candidates(which: str, data: str, model: str) -> list[tuple[str, str]]:
    """The pairs of keys that are compared."""
    with duckdb.connect() as connection:
        made = linker(connection, which, data, model)
        blocked = made.inference.compute_blocked_pairs_for_predict()
        return connection.table(blocked.physical_name).select("join_key_l, join_key_r").fetchall()


def main(which: str, data: str, into: Path, threads: str, model: str | None = None) -> None:
    with duckdb.connect(config={"threads": threads}) as connection:
        made = linker(connection, which, data, model)
        if model is None:
            made.misc.save_model_to_json(str(into / "model.json"), overwrite=True)
        pairs = made.inference.predict(threshold_match_probability=KEPT)
        clusters = made.clustering.cluster_pairwise_predictions_at_threshold(pairs, THRESHOLD)
        for table, columns, name in (
            (
                pairs,
                "unique_id_l AS a, unique_id_r AS b, match_probability AS probability",
                "pairs",
            ),
            (clusters, "unique_id AS key, cluster_id AS party", "parties"),
        ):
            connection.table(table.physical_name).select(columns).write_parquet(
                str(into / f"{name}.parquet")
            )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
