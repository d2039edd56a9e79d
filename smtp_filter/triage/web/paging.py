"""Pages of a list that cost the same however long the list is: keyset pagination."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, tuple_
from starlette.exceptions import HTTPException

SIZE = 50


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one page; ``following`` is the next page's cursor, empty on the last."""

    rows: tuple[Row[Any], ...]
    following: str


def page_of(
    connection: Connection,
    query: Select[Any],
    keys: Sequence[ColumnElement[Any]],
    *,
    after: str = "",
    size: int = SIZE,
    descending: bool = True,
) -> Slice:
    """One page of ``query`` in the order of ``keys``, whose last one must be unique.

    ``keys`` must be among the columns that the query selects.
    """
    if after:
        place = tuple_(*_cursor(after, len(keys)))
        query = query.where(tuple_(*keys) < place if descending else tuple_(*keys) > place)
    order = [key.desc() if descending else key.asc() for key in keys]
    rows = connection.execute(query.order_by(*order).limit(size + 1)).all()
    following = ""
    if len(rows) > size:
        last = rows[size - 1]._mapping
        told = json.dumps([last[key] for key in keys]).encode()
        following = base64.urlsafe_b64encode(told).decode().rstrip("=")
    return Slice(tuple(rows[:size]), following)


def _cursor(written: str, count: int) -> list[str | int | float]:
    try:
        told = json.loads(base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)))
    except ValueError:
        raise HTTPException(400, "This page of the list does not exist.") from None
    sane = isinstance(told, list) and len(told) == count
    if not sane or not all(isinstance(one, str | int | float) for one in told):
        raise HTTPException(400, "This page of the list does not exist.")
    return list(told)
