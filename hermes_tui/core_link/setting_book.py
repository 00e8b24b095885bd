"""The settings of the home behind the screen: listed, written, read again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

from hermes_core.config.editor import ConfigEditor
from hermes_core.config.keys import Key, find
from hermes_core.config.loader import LoadedSettings, load_settings
from hermes_core.config.overview import effective, origin_of, written
from hermes_core.config.section import Section
from hermes_core.errors import ConfigError
from hermes_core.host import Host
from hermes_tui.core_link.workspace import SettingInfo


class SettingBook:
    """Lists and changes `config.yaml`; the host follows.

    Args:
        host: Whose settings they are.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def value(self, key: str) -> object:
        """Return a setting by its dotted key, its default if it is not written.

        Raises:
            ConfigError: No such key.
        """
        if find(key) is None:
            raise ConfigError(f"There is no setting {key}.")
        value: Any = self._host.loaded.settings
        for part in key.split("."):
            value = value[part] if isinstance(value, dict) else _field(value, part)
        return value

    async def all(self) -> list[SettingInfo]:
        """Every setting in the order of the schema, secrets masked."""
        return await asyncio.to_thread(_listed, self._host.loaded)

    async def set_value(self, key: str, value: object) -> None:
        """Write a value and read the settings again.

        Raises:
            ConfigError: An impossible value, or the installation is managed.
        """
        await self._change(lambda editor: editor.set_value(key, value))

    async def set_text(self, key: str, text: str) -> None:
        """Write what was typed, read as the schema wants it.

        Raises:
            ConfigError: An impossible value, or the installation is managed.
        """
        await self._change(lambda editor: editor.set_text(key, text))

    async def unset(self, key: str) -> None:
        """Take a key out of the file, so that its default counts.

        Raises:
            ConfigError: It is not written.
        """
        await self._change(lambda editor: editor.unset_value(key))

    async def reread(self) -> str:
        """Read the files again after somebody changed them.

        A file with a mistake in it changes nothing.

        Returns:
            What is wrong with the file, empty if it is in use now.
        """
        loaded = await self._load()
        bad = [
            warning
            for warning in loaded.warnings
            if warning.kind in ("syntax", "value") and warning.file is not None
        ]
        # A value that was already bad at the start is no reason to say so again.
        if bad and (loaded.is_broken or loaded.written != self._host.loaded.written):
            return f"{bad[0]}; the settings before it stay"
        if not bad:
            self._host.use_settings(loaded)
        return ""

    async def _change(self, change: Callable[[ConfigEditor], object]) -> None:
        options = self._host.options
        await asyncio.to_thread(change, ConfigEditor(options.home, environ=options.environ))
        self._host.use_settings(await self._load())

    async def _load(self) -> LoadedSettings:
        options = self._host.options
        return await asyncio.to_thread(
            load_settings,
            options.home,
            environ=options.environ,
            overrides=options.overrides,
            previous=self._host.loaded,
        )


def _field(section: Section, written: str) -> object:
    """Return a field by its name in the file, which differs where a method has it."""
    for name, field in type(section).model_fields.items():
        if written in (field.alias, name):
            return getattr(section, name)
    return getattr(section, written)


def _listed(loaded: LoadedSettings) -> list[SettingInfo]:
    infos = []
    plain = loaded.settings.model_dump(by_alias=True)
    for key, shown in effective(loaded):
        holds_secret = not key.is_secret and shown != _plain(_at(plain, key))
        infos.append(
            SettingInfo(
                key=key.path,
                value="" if shown in (None, "") else written(shown),
                origin=origin_of(loaded, key.path),
                about=key.description,
                choices=_choices(key),
                is_secret=key.is_secret,
                is_fixed=holds_secret,
            )
        )
    return infos


def _at(values: Any, key: Key) -> Any:
    for part in key.parts:
        values = values.get(part)
    return values


def _plain(value: Any) -> Any:
    """Return a value with lists in place of tuples, as masking leaves it."""
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value


def _choices(key: Key) -> tuple[str, ...]:
    annotation = key.field.annotation
    if annotation is bool:
        return ("true", "false")
    if get_origin(annotation) is Literal:
        return tuple(str(word) for word in get_args(annotation))
    return ()
