"""A reading refuses a field that it does not have, however it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any, TypeVar

from saprolite.errors import Problem, ReadingError, did_you_mean, raise_if_any

T = TypeVar("T")


def refusing_unknown_fields(headline: str) -> Callable[[type[T]], type[T]]:
    """A decorator of a frozen dataclass of choices: one ``ReadingError`` under ``headline`` names
    every unknown field, beside what is wrong with the known ones.

    Python's own error would name one, and none of those that there are.
    """

    def decorated(cls: type[T]) -> type[T]:
        made: Callable[..., None] = cls.__init__
        names = [item.name for item in fields(cls)]  # type: ignore[arg-type]

        @wraps(made)
        def init(self: T, *values: Any, **choices: Any) -> None:
            problems = [
                Problem(f"reading.{key}", "no such field", ", ".join(names),
                        did_you_mean(key, names))
                for key in choices if key not in names
            ]  # fmt: skip
            known = {key: value for key, value in choices.items() if key in names}
            try:
                made(self, *values, **known)
            except ReadingError as error:
                problems += error.problems
            raise_if_any(ReadingError, headline, problems)

        cls.__init__ = init  # type: ignore[assignment]
        return cls

    return decorated
