"""Which colours and which persona the program wears."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hermes_themes.roles import LAMPLIGHT, PALETTES, PAPER, Palette
from hermes_themes.variables import variables
from hermes_widgets.theme import textual_theme

if TYPE_CHECKING:
    from hermes_skins.schema import Skin
    from hermes_tui.app import HermesApp
    from hermes_tui.panes.chat import ChatPane

DEFAULT_SKIN = "default"
_FOLLOWING = ("skin",)
"""Words of the setting that mean the skin's own colours, besides `auto`."""
_ABOUT_THEMES = {
    "auto": "the skin's own",
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
        self._folder = Path("skins-not-known-yet")
        self._theme_folder = Path("themes-not-known-yet")
        self._few_colours = False
        self._worn: Palette | None = None
        self._has_failed = False
        self.skin = DEFAULT_SKIN
        """Name of the skin in use."""
        self.theme = "auto"
        """Name of the theme in use; `auto` is the skin's own."""
        self.remarks: tuple[str, ...] = ()
        """What was wrong with the skin that was asked for."""

    def look_in(self, folder: Path, themes: Path) -> None:
        """Take skins and themes of the person from these folders too."""
        self._folder = folder
        self._theme_folder = themes

    def skins(self) -> dict[str, str]:
        """Skins by name with what they are about."""
        # Measured: 40 ms to import and 20 ms to read, which the default skin does not need.
        from hermes_skins.catalog import builtin_skins, skin_names

        known = builtin_skins()
        return {
            name: known[name].description if name in known else "yours"
            for name in skin_names(self._folder)
        }

    def themes(self) -> dict[str, str]:
        """Themes by name with what they are about."""
        own = (path.stem.lower() for path in sorted(self._theme_folder.glob("*.yaml")))
        names = dict.fromkeys(("auto", *PALETTES, *own))
        return {name: _ABOUT_THEMES.get(name, "yours") for name in names}

    def start(self, *, skin: str, theme: str) -> None:
        """Wear what was chosen; what cannot be worn is a remark and the default is worn."""
        host = self._host
        self._few_colours = not host.is_headless and host.console.color_system == "standard"
        self.skin = skin or DEFAULT_SKIN
        self.remarks = ()
        known = self.themes()
        self.theme = theme if theme in known else "auto"
        self.restore()
        if theme not in ("", *known, *_FOLLOWING):
            self.remarks = (*self.remarks, f"no theme {theme!r}; there are: {', '.join(known)}")

    def palette(self) -> Palette:
        """The palette of the chosen theme or skin."""
        return self._palette_for(self.skin, self.theme)

    def variables(self) -> dict[str, str]:
        """The style sheet variables of the palette in use."""
        return variables(self.palette())

    def dress(self, panes: Iterable[ChatPane]) -> None:
        """Give conversations the prompt sign and the thread of the chosen skin."""
        skin = None if self.skin == DEFAULT_SKIN else self._load(self.skin)
        for pane in panes:
            pane.composer.set_sign(skin.branding.prompt_symbol if skin else "❯")
            pane.transcript.thread = skin.tool_prefix if skin else ""

    def _load(self, name: str) -> Skin | None:
        # Measured: 40 ms to import and 20 ms to read, which the default skin does not need.
        from hermes_skins.catalog import load_skin
        from hermes_skins.schema import SkinError

        try:
            loaded = load_skin(name, self._folder)
        except (SkinError, OSError, UnicodeDecodeError) as error:
            self.remarks = (str(error),)
            self._has_failed = True
            return None
        self.remarks = loaded.remarks
        return loaded.skin

    def _palette_for(self, skin: str, theme: str) -> Palette:
        if theme in PALETTES:
            return PALETTES[theme]
        if theme not in ("", "auto"):
            own = self._own_theme(theme)
            if own is not None:
                return own
        found = None if skin == DEFAULT_SKIN else self._load(skin)
        if found is None:
            return self._usual()
        # Measured: with the catalog above.
        from hermes_skins.palette import skin_palette
        from hermes_skins.schema import SkinError

        try:
            return skin_palette(found, terminal_is_dark=not self._is_light)
        except SkinError as error:
            self.remarks = (str(error),)
            self._has_failed = True
            return self._usual()

    def _usual(self) -> Palette:
        """The palette of the default skin: follows the terminal, and how many colours it has."""
        if self._few_colours:
            return PALETTES["contrast"]
        return PAPER if self._is_light else LAMPLIGHT

    def _own_theme(self, name: str) -> Palette | None:
        # Measured: 15 ms for the reader of YAML, which only a theme file needs.
        from hermes_themes.files import ThemeError, parse_theme

        path = self._theme_folder / f"{name}.yaml"
        try:
            palette, remarks = parse_theme(path.read_text("utf-8"), path.name)
        except (ThemeError, OSError, UnicodeDecodeError) as error:
            self.remarks = (f"The theme “{name}” cannot be worn: {error}",)
            self._has_failed = True
            return None
        self.remarks = tuple(f"{path.name}: {remark}" for remark in remarks)
        return palette

    def use_skin(self, name: str) -> None:
        """Wear a skin."""
        self.skin = name
        self.restore()

    def use_theme(self, name: str) -> None:
        """Wear a theme."""
        self.theme = name
        self.restore()

    def renew(self, *, skin: str = "", theme: str = "") -> tuple[str, ...]:
        """Wear changed files or other names; what cannot be worn leaves all as it was.

        Args:
            skin: Another skin; empty keeps the one in use.
            theme: Another theme; empty keeps the one in use.

        Returns:
            What is wrong with the files, empty if nothing is.
        """
        before = self.skin, self.theme
        self.skin = skin or self.skin
        self.theme = "auto" if theme in _FOLLOWING else theme or self.theme
        self.remarks = ()
        self._has_failed = False
        if self.skin != DEFAULT_SKIN:
            self._load(self.skin)  # its words are worn under any theme
        palette = self.palette() if not self._has_failed else None
        if self._has_failed or palette is None:
            self.skin, self.theme = before
        else:
            self._wear(palette)
        return self.remarks

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
        if palette == self._worn:
            return  # measured: styling everything anew takes 60 ms
        self._worn = palette
        # Where planes cannot be told apart, thin frames stand for them: see app.tcss.
        self._host.set_class(palette.framed or self._host.no_color, "-framed")
        theme = textual_theme(palette)
        self._host.register_theme(theme)
        if self._host.theme == theme.name:
            self._host.refresh_css(animate=False)
        else:
            self._host.theme = theme.name
