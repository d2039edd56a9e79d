"""Finding and reading the configuration file: every problem is one line with file, line and key."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from scanner.configuration.problems import ConfigurationError, Problem
from scanner.configuration.programs import configuration_type
from scanner.configuration.schema import Configuration

PATH_VARIABLE = "DLP_CONFIG"
FILE_NAME = "dlp.yaml"

# An honest configuration is some kilobytes; a larger file is a mistake in the path.
FILE_BYTES = 1_000_000

Place = tuple[str | int, ...]


def configuration_path(given: Path | None = None, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file to read: the one given, else ``$DLP_CONFIG``, else the user's, else the machine's, else none.

    The current folder is not looked at: a scan often starts in a folder that others may write to.
    """
    if given is not None:
        return given
    if named := environment.get(PATH_VARIABLE):
        return Path(named)
    base = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME", "/")) / ".config")
    return next(
        (path for path in (Path(base) / "dlp" / FILE_NAME, Path("/etc/dlp") / FILE_NAME) if path.is_file()),
        None,
    )


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Configuration:
    """The configuration of ``path`` (``None``: the defaults) with the environment's overrides.

    Raises :class:`ConfigurationError` with every problem at once.
    """
    data: dict[str, Any] = {}
    lines: dict[Place, int] = {}
    if path is not None:
        data, lines = _read(path)
    variables = overridden(environment)
    for (section, key), variable in variables.items():
        value = data.setdefault(section, {})
        if isinstance(value, dict):
            value[key] = _scalar(environment[variable])
    try:
        return configuration_type().model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        # A list that lost its only entry to an error is also too short: one of the two is enough.
        wrong = {detail["loc"][:-1] for detail in details}
        raise ConfigurationError(
            [
                _problem(detail, path, lines, variables)
                for detail in details
                if not (detail["type"] == "too_short" and detail["loc"] in wrong)
            ]
        ) from None


def overridden(environment: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """The keys that the environment sets: ``DLP_SCAN_WORKERS`` sets ``scan.workers``, and so on."""
    names = {
        f"DLP_{section}_{key}".upper(): (section, key)
        for section, field in configuration_type().model_fields.items()
        for key in _keys(field.annotation)
    }
    return {place: name for name, place in names.items() if name in environment}


def _scalar(text: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    return text if value is None else value


# --- reading with line numbers ----------------------------------------------------------------------------


def _read(path: Path) -> tuple[dict[str, Any], dict[Place, int]]:
    try:
        with path.open("rb") as file:
            text = file.read(FILE_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigurationError([Problem(str(path), "", f"cannot be read ({reason})")]) from None
    if len(text) > FILE_BYTES:
        raise ConfigurationError([Problem(str(path), "", "is too large for a configuration file")])
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ConfigurationError([_not_yaml(path, error)]) from None
    if node is None or data is None:
        return {}, {}
    if not isinstance(node, yaml.MappingNode) or not isinstance(data, dict):
        what = f"must hold sections ({', '.join(configuration_type().model_fields)}), each with its keys"
        raise ConfigurationError([Problem(f"{path}:1", "", what)])
    lines: dict[Place, int] = {}
    problems: list[Problem] = []
    _mark(node, (), lines, problems, path)
    if problems:
        raise ConfigurationError(problems)
    # A section whose keys are all commented out reads as null and means its defaults.
    sections = configuration_type().model_fields
    return {key: value for key, value in data.items() if not (value is None and key in sections)}, lines


def _mark(
    node: yaml.Node, place: Place, lines: dict[Place, int], problems: list[Problem], path: Path
) -> None:
    """Note the line of every key and item; two equal keys in one mapping are a problem."""
    lines.setdefault(place, node.start_mark.line + 1)
    # Sections hold keys, keys hold lists: deeper than that (or an alias to itself) nothing is valid anyway.
    if len(place) > 4:
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            if inner in lines:
                what = f"is given twice (first in line {lines[inner]})"
                problems.append(Problem(f"{path}:{key.start_mark.line + 1}", _dotted(inner), what))
            lines[inner] = key.start_mark.line + 1
            _mark(value, inner, lines, problems, path)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _mark(item, (*place, number), lines, problems, path)


def _not_yaml(path: Path, error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or type(error).__name__
    where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
    return Problem(where, "", f"is not YAML ({what})")


# --- problems in plain words ------------------------------------------------------------------------------


def _problem(
    detail: Any, path: Path | None, lines: Mapping[Place, int], variables: Mapping[tuple[str, str], str]
) -> Problem:
    place: Place = tuple(part for part in detail["loc"] if _is_place(part))
    where = variables.get((str(place[0]), str(place[1]))) if len(place) > 1 else None
    if where is None and path is not None:
        known = next((place[:n] for n in range(len(place), -1, -1) if place[:n] in lines), None)
        where = str(path) if known is None else f"{path}:{lines[known]}"
    return Problem(where or "", _dotted(place), _in_words(detail, place))


def _is_place(part: str | int) -> bool:
    # pydantic names the member of a union after the key; that is no part of the file.
    return isinstance(part, int) or not part.startswith(("function-", "Annotated[", "constrained-"))


def _in_words(detail: Mapping[str, Any], place: Place) -> str:
    kind, context = str(detail["type"]), detail.get("ctx", {})
    if kind == "extra_forbidden":
        allowed = _allowed_at(place[:-1])
        near = difflib.get_close_matches(str(place[-1]), allowed, n=1, cutoff=0.5)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        return f"is no known key{guess} (allowed: {', '.join(allowed)})"
    if kind == "literal_error":
        return f"is {_short(detail['input'])}, must be one of {context['expected'].replace(' or ', ', ')}"
    if kind == "value_error" and isinstance(detail["input"], dict):
        return str(context["error"])
    if kind == "value_error":
        return f"is {_short(detail['input'])}, {context['error']}"
    expected = {
        "int_parsing": "a whole number",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "float_parsing": "a number",
        "float_type": "a number",
        "bool_parsing": "true or false",
        "bool_type": "true or false",
        "string_type": "text (put it in quotes)",
        "tuple_type": "a list",
        "path_type": "a path",
        "model_type": "a section with keys: " + ", ".join(_allowed_at(place)),
        "model_attributes_type": "a section with keys: " + ", ".join(_allowed_at(place)),
        "too_short": "a list with at least one entry",
        "string_pattern_mismatch": "the name of an installed pipeline, such as 'en_core_web_sm'",
    }.get(kind)
    if expected is None and kind in {"greater_than_equal", "less_than_equal", "greater_than", "less_than"}:
        (name, bound), *_ = context.items()
        words = {"ge": "at least", "le": "at most", "gt": "more than", "lt": "less than"}
        expected = f"{words[name]} {bound:g}"
    return f"is {_short(detail['input'])}, must be {expected or detail['msg']}"


def _allowed_at(place: Place) -> list[str]:
    """The keys that may stand at a place of the file."""
    annotation: Any = configuration_type()
    for part in place:
        field = annotation.model_fields.get(part) if _is_section(annotation) else None
        annotation = field.annotation if isinstance(field, FieldInfo) else None
    return _keys(annotation)


def _keys(annotation: Any) -> list[str]:
    return list(annotation.model_fields) if _is_section(annotation) else []


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _dotted(place: Place) -> str:
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _short(value: Any) -> str:
    text = repr(value) if not isinstance(value, dict) else "a section"
    return text if len(text) <= 40 else text[:37] + "..."
