"""What every table is made with: the registry, the names of constraints, and the kinds of columns (see `rows.py`)."""

from typing import Any

from sqlalchemy import BigInteger, LargeBinary, MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from .tables import Words

# Constraints need names, or no later migration could speak of them.
_NAMES = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
}


class Row(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """A registry of our own, so that the migrations see these tables and no others."""


def instant_column(*, index: bool = False) -> Any:
    return Field(sa_type=BigInteger, index=index)


def hash_column(*, key: bool = False, unique: bool = False) -> Any:
    return Field(sa_type=LargeBinary, primary_key=key, unique=unique, nullable=False)


def words_column() -> Any:
    return Field(sa_type=Words, nullable=False)
