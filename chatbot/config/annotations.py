"""Reads the type annotations of the settings models, so that rules hold for a type wherever it stands."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel


def alternatives(annotation: Any, marks: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:  # noqa: ANN401 (a type)
    """Yield each type of a union with the marks of its `Annotated`; a type that is no union yields itself."""
    if get_origin(annotation) is Annotated:
        bare, *more = get_args(annotation)
        yield from alternatives(bare, (*marks, *more))
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from alternatives(part, marks)
    else:
        yield annotation, marks


def is_section(kind: Any) -> bool:  # noqa: ANN401 (a type)
    """Tell whether a type is a settings model, not a single value."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def sections_in(annotation: Any) -> list[type[BaseModel]]:  # noqa: ANN401 (a type)
    """Return the settings models among the alternatives of an annotation."""
    return [kind for kind, _ in alternatives(annotation) if is_section(kind)]
