"""Which colours and which persona the program wears."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_themes.roles import LAMPLIGHT, PALETTES, PAPER, Palette
from hermes_themes.variables import variables
from hermes_widgets.theme import textual_theme

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp

DEFAULT_SKIN = "default"
_ABOUT_THEMES = {
    "auto": "follows the terminal",
    "lamplight": "dark, warm, one gold light",
    "paper": "light",
    "contrast": "highest contrast, thin frames",
}


class Appearance:
    """The palette in use; previews that can be taken back.

    Args:
        host: The program.
        is_light: What the terminal said about its background.
    """

    def __init__(self, host: HermesApp, *, is_light: bool) -> None:
        self._host = host
        self._is_light = is_light
        self.skin = DEFAULT_SKIN
        """Name of the skin in use."""
        self.theme = "auto"
        """Name of the theme in use; `auto` is the skin's own."""

    def skins(self) -> dict[str, str]:
        """Skins by name with what they are about."""
        return {DEFAULT_SKIN: "follows the terminal: lamplight or paper"}

    def themes(self) -> dict[str, str]:
        """Themes by name with what they are about."""
        return {name: _ABOUT_THEMES.get(name, "") for name in ("auto", *PALETTES)}

    def start(self, *, skin: str, theme: str) -> None:
        """Wear what was chosen; names nobody knows count as not chosen."""
        self.skin = skin if skin in self.skins() else DEFAULT_SKIN
        self.theme = theme if theme in self.themes() else "auto"
        self.restore()

    def palette(self) -> Palette:
        """The palette of the chosen theme or skin."""
        return self._palette_for(self.skin, self.theme)

    def variables(self) -> dict[str, str]:
        """The style sheet variables of the palette in use."""
        return variables(self.palette())

    def _palette_for(self, skin: str, theme: str) -> Palette:
        if theme in PALETTES:
            return PALETTES[theme]
        return PAPER if self._is_light else LAMPLIGHT

    def use_skin(self, name: str) -> None:
        """Wear a skin."""
        self.skin = name
        self.restore()

    def use_theme(self, name: str) -> None:
        """Wear a theme."""
        self.theme = name
        self.restore()

    def preview_skin(self, name: str) -> None:
        """Show a skin without choosing it."""
        self._wear(self._palette_for(name, self.theme))

    def preview_theme(self, name: str) -> None:
        """Show a theme without choosing it."""
        self._wear(self._palette_for(self.skin, name))

    def restore(self) -> None:
        """Wear what is chosen, whatever was previewed."""
        self._wear(self.palette())

    def _wear(self, palette: Palette) -> None:
        theme = textual_theme(palette)
        self._host.register_theme(theme)
        if self._host.theme == theme.name:
            self._host.refresh_css(animate=False)
        else:
            self._host.theme = theme.name
