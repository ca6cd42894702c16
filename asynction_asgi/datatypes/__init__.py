"""Schemas as the types that programming languages know: one neutral tree, whatever language is written."""

from .build import DataTypes, Definition, Positions
from .tree import (
    Anything,
    Bytes,
    DataType,
    Field,
    List,
    Literals,
    Named,
    Never,
    Notes,
    Null,
    Object,
    OneOf,
    Scalar,
    Tuple,
    one_of,
)

__all__ = [
    "Anything",
    "Bytes",
    "DataType",
    "DataTypes",
    "Definition",
    "Field",
    "List",
    "Literals",
    "Named",
    "Never",
    "Notes",
    "Null",
    "Object",
    "OneOf",
    "Positions",
    "Scalar",
    "Tuple",
    "one_of",
]
