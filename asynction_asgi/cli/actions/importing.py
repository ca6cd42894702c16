"""Import ``module:name`` for a command, with errors for its user."""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path
from typing import Any

import click

from ...errors import BindingError, SpecError
from ...spec.text.hints import did_you_mean


def import_from(folder: str) -> None:
    """Let modules in a folder be imported."""
    resolved = str(Path(folder).resolve())
    if resolved not in sys.path:
        sys.path.insert(0, resolved)


def import_name(name: str) -> Any:
    """Import ``module:name``.

    Raises:
        SpecError: The module raised it, as it does the next one.
        BindingError: The module raised it.
        click.ClickException: The name is not found, or its import failed.
    """
    module_name, _, attributes = name.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
    except (SpecError, BindingError):
        raise
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise _failed_import(module_name, error) from None
        raise click.ClickException(
            f"there is no module {error.name!r}; use --app-dir for the folder that it is in"
        ) from None
    except Exception as error:  # noqa: BLE001  # user code may raise anything while it is imported
        raise _failed_import(module_name, error) from None
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            meant = did_you_mean(attribute, vars(found) if hasattr(found, "__dict__") else ())
            raise click.ClickException(f"{module_name!r} has no {attribute!r}{meant}")
        found = getattr(found, attribute)
    return found


def _failed_import(module_name: str, error: Exception) -> click.ClickException:
    """Return the error for a module that raised, with the user's own lines of the traceback."""
    trace = traceback.TracebackException.from_exception(error)
    machinery = (__file__, importlib.__file__, "<frozen importlib")
    for index, frame in enumerate(trace.stack):
        if not frame.filename.startswith(machinery):
            del trace.stack[:index]
            break
    else:  # the module could not even be compiled
        trace.stack.clear()
    return click.ClickException(f"importing {module_name!r} failed\n{''.join(trace.format())}".rstrip())
