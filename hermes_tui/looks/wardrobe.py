"""Skins and themes by name: those that ship, the toolkit's, and the person's own files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from hermes_skins.schema import USUAL, Skin
from hermes_themes.few_colours import SIXTEEN, in_256
from hermes_themes.roles import LAMPLIGHT, PALETTES, PAPER, Palette
from hermes_widgets.theme import toolkit_palette, toolkit_themes

DEFAULT_SKIN = "default"
SKINS_OWN = "skin"
"""The theme that is no theme: the colours of the skin."""
BY_TERMINAL = "auto"
"""Dark or light, as the terminal says."""
_ABOUT_THEMES = {
    SKINS_OWN: "the colours of the skin",
    BY_TERMINAL: "dark or light, as the terminal is",
    "lamplight": "dark, warm, one gold light",
    "paper": "light",
    "contrast": "highest contrast, thin frames",
}


class LookError(ValueError):
    """A look that cannot be worn; the message says why."""


class Look(Struct, frozen=True):
    """Colours and persona together."""

    palette: Palette
    skin: Skin = USUAL
    remarks: tuple[str, ...] = ()
    """What means nothing in the files it comes from."""


class Wardrobe:
    """Finds looks.

    Args:
        is_light: Whether the terminal's background is light.
        colours: How many colours the terminal has: `truecolor`, `256` or `standard`.
    """

    def __init__(self, *, is_light: bool, colours: str = "truecolor") -> None:
        self._is_light = is_light
        self._colours = colours
        self._skins: Path | None = None
        self._themes: Path | None = None

    def look_in(self, skins: Path, themes: Path) -> None:
        """Take the person's skins and themes from these folders too."""
        self._skins, self._themes = skins, themes

    def skins(self) -> dict[str, str]:
        """Skins by name with what they are about."""
        # Measured: 40 ms to import and 20 ms to read, which the default skin does not need.
        from hermes_skins.catalog import about_skins

        return about_skins(self._skins or Path("none"))

    def skin_named(self, name: str) -> str | None:
        """The name under which a skin is kept, None if there is no such skin."""
        # Measured: with the catalog above.
        from hermes_skins.catalog import known_name

        return known_name(name, self._skins or Path("none"))

    def themes(self) -> dict[str, str]:
        """Themes by name with what they are about, the person's own before the toolkit's."""
        about = dict(_ABOUT_THEMES)
        about |= {path.stem.lower(): "yours" for path in self._theme_files()}
        for name in toolkit_themes():
            about.setdefault(name, "colours of the toolkit")
        return about

    def _theme_files(self) -> Iterator[Path]:
        found = sorted(self._themes.glob("*.yaml")) if self._themes is not None else ()
        yield from (path for path in found if path.is_file())

    def look(self, skin: str, theme: str) -> Look:
        """Find a look.

        Raises:
            LookError: No such skin or theme, or a file with a fault.
        """
        worn, remarks = (USUAL, ()) if skin == DEFAULT_SKIN else self._skin(skin)
        palette, more = self._palette(worn, theme)
        return Look(self._reduced(palette), worn, (*remarks, *more))

    def usual(self) -> Look:
        """The look that can always be worn."""
        return Look(self._reduced(self._by_terminal()))

    def _skin(self, name: str) -> tuple[Skin, tuple[str, ...]]:
        # Measured: with the catalog above.
        from hermes_skins.catalog import load_skin
        from hermes_skins.schema import SkinError

        try:
            loaded = load_skin(name, self._skins or Path("none"))
        except SkinError as error:
            raise LookError(f"The skin “{name}” cannot be worn: {error}") from error
        return loaded.skin, loaded.remarks

    def _palette(self, skin: Skin, theme: str) -> tuple[Palette, tuple[str, ...]]:
        if theme == BY_TERMINAL or (theme == SKINS_OWN and skin.name == DEFAULT_SKIN):
            if skin.colors and theme == SKINS_OWN:
                return self._mixed(skin), ()  # a file of the person under the usual name
            return self._by_terminal(), ()
        if theme == SKINS_OWN:
            return self._mixed(skin), ()
        own = next((path for path in self._theme_files() if path.stem.lower() == theme), None)
        if own is not None:
            return self._from_file(own, theme)
        if theme in PALETTES:
            return PALETTES[theme], ()
        if theme in toolkit_themes():
            return toolkit_palette(theme), ()
        raise LookError(f"no theme {theme!r}; there are: {', '.join(self.themes())}")

    def _mixed(self, skin: Skin) -> Palette:
        # Measured: with the catalog above.
        from hermes_skins.palette import skin_palette

        return skin_palette(skin, terminal_is_dark=not self._is_light)

    @staticmethod
    def _from_file(path: Path, name: str) -> tuple[Palette, tuple[str, ...]]:
        # Measured: 15 ms for the reader of YAML, which only a theme file needs.
        from hermes_themes.files import ThemeError, parse_theme
        from hermes_themes.yaml_lines import YamlFault, file_text

        try:
            palette, remarks = parse_theme(file_text(path), path.name)
        except (ThemeError, YamlFault) as error:
            raise LookError(f"The theme “{name}” cannot be worn: {error}") from error
        return palette, remarks

    def _by_terminal(self) -> Palette:
        return PAPER if self._is_light else LAMPLIGHT

    def _reduced(self, palette: Palette) -> Palette:
        """The palette in as many colours as the terminal has."""
        if self._colours == "standard":
            return SIXTEEN
        return in_256(palette) if self._colours == "256" else palette
