"""Which colours and which persona the program wears; previews that can be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from textual.filter import LineFilter

from hermes_skins.schema import Skin
from hermes_themes.mixing import is_grey
from hermes_themes.roles import Palette
from hermes_themes.variables import variables
from hermes_tui.looks.wardrobe import DEFAULT_SKIN, SKINS_OWN, Look, LookError, Wardrobe
from hermes_widgets.drawing.cell_filters import PlainGlyphs, Weights
from hermes_widgets.status_bar import StatusBar
from hermes_widgets.tab_row import TabRow
from hermes_widgets.theme import use_palette

if TYPE_CHECKING:
    from hermes_tui.app import HermesApp
    from hermes_tui.panes.chat import ChatPane


class Appearance:
    """The look in use.

    Args:
        host: The program.
        is_light: What the terminal said about its background.
        colours: How many the terminal has: `truecolor`, `256` or `standard`.
        wide_glyphs: Glyphs that the terminal draws two cells wide.
    """

    def __init__(
        self,
        host: HermesApp,
        *,
        is_light: bool,
        colours: str = "truecolor",
        wide_glyphs: str = "",
    ) -> None:
        self._host = host
        self._wide_glyphs = wide_glyphs
        self._is_plain = False
        self._wardrobe = Wardrobe(is_light=is_light, colours=colours)
        self._worn: Look | None = None
        self._chosen: Look | None = None
        self._wanted = (DEFAULT_SKIN, SKINS_OWN)
        self.skin = DEFAULT_SKIN
        """Name of the skin in use."""
        self.theme = SKINS_OWN
        """Name of the theme in use."""
        self.remarks: tuple[str, ...] = ()
        """What was wrong with the look that was asked for."""

    def look_in(self, folder: Path, themes: Path) -> None:
        """Take skins and themes of the person from these folders too."""
        self._wardrobe.look_in(folder, themes)

    def skins(self) -> dict[str, str]:
        """Skins by name with what they are about."""
        return self._wardrobe.skins()

    def skin_named(self, name: str) -> str | None:
        """The name under which a skin is kept: in any case, by an older name; None if not."""
        return self._wardrobe.skin_named(name)

    def themes(self) -> dict[str, str]:
        """Themes by name with what they are about."""
        return self._wardrobe.themes()

    @property
    def persona(self) -> Skin:
        """The skin that is worn, previews included."""
        return self._shown().skin

    def palette(self) -> Palette:
        """The palette that is worn, previews included."""
        return self._shown().palette

    def variables(self) -> dict[str, str]:
        """The style sheet variables of the palette in use."""
        return variables(self.palette())

    def _shown(self) -> Look:
        return self._worn or self._wardrobe.usual()

    # --- choosing --------------------------------------------------------------------

    def start(self, *, skin: str, theme: str) -> None:
        """Wear what was chosen; of what cannot be worn the rest is, and it is a remark."""
        self.skin = (skin or DEFAULT_SKIN).lower()
        self.theme = (theme or SKINS_OWN).lower()
        self._wanted = self.skin, self.theme
        faults = []
        try:
            self._wardrobe.look(self.skin, SKINS_OWN)
        except LookError as error:
            faults.append(str(error))
            self.skin = DEFAULT_SKIN
        try:
            self._wardrobe.look(DEFAULT_SKIN, self.theme)
        except LookError as error:
            faults.append(str(error))
            self.theme = SKINS_OWN
        self._choose(self._wardrobe.look(self.skin, self.theme))
        self.remarks = (*faults, *self.remarks)

    def use_skin(self, name: str) -> bool:
        """Wear a skin; returns False and leaves everything as it was if that cannot be."""
        return self._use(skin=name)

    def use_theme(self, name: str) -> bool:
        """Wear a theme; returns False and leaves everything as it was if that cannot be."""
        return self._use(theme=name)

    def _use(self, *, skin: str = "", theme: str = "") -> bool:
        before = self._wanted
        if self.renew(skin=skin, theme=theme):
            return True
        self._wanted = before
        self._wear(self._chosen or self._wardrobe.usual())
        return False

    def renew(self, *, skin: str = "", theme: str = "") -> bool:
        """Wear changed files or other names; what cannot be worn leaves all as it was.

        Args:
            skin: Another skin; empty keeps the one that was wanted last, worn or not.
            theme: Another theme; empty keeps the one that was wanted last.

        Returns:
            Whether it is worn; `remarks` says what is wrong with the files.
        """
        self._wanted = skin or self._wanted[0], theme or self._wanted[1]
        try:
            look = self._wardrobe.look(*self._wanted)
        except LookError as error:
            self.remarks = (str(error),)
            return False
        self.skin, self.theme = self._wanted
        self._choose(look)
        return True

    def _choose(self, look: Look) -> None:
        self.remarks = look.remarks
        self._chosen = look
        self._wear(look)

    def preview_skin(self, name: str) -> None:
        """Show a skin without choosing it."""
        self._preview(name, self.theme)

    def preview_theme(self, name: str) -> None:
        """Show a theme without choosing it."""
        self._preview(self.skin, name)

    def _preview(self, skin: str, theme: str) -> None:
        try:
            self._wear(self._wardrobe.look(skin, theme))
        except LookError:
            self.restore()  # a file with a fault shows nothing of itself; choosing it says why

    def restore(self) -> None:
        """Wear what is chosen, whatever was previewed."""
        self._wear(self._chosen or self._wardrobe.usual())

    # --- wearing ---------------------------------------------------------------------

    def show_plain(self, is_plain: bool) -> None:
        """Draw plain characters in place of all glyphs, or only where the terminal needs it."""
        if is_plain != self._is_plain:
            self._is_plain = is_plain
            self._filter()
            self._host.viewing.redraw()

    def dress(self, panes: Iterable[ChatPane]) -> None:
        """Give conversations the persona that is worn."""
        skin = self.persona
        for pane in panes:
            pane.composer.set_sign(skin.branding.prompt_symbol)
            pane.composer.area.placeholder = skin.branding.welcome
            pane.transcript.skin = replace(skin, tool_emojis={}) if self._is_plain else skin

    def dress_frame(self) -> None:
        """Give the rows around the conversations the persona that is worn."""
        skin = self.persona
        for bar in self._host.query(StatusBar):
            bar.skin = skin
        for tabs in self._host.query(TabRow):
            tabs.wear(skin.mark, skin.branding.agent_name.split()[0].lower())

    def _wear(self, look: Look) -> None:
        host, before = self._host, self._worn
        if look == before:
            return  # measured: styling everything anew takes 60 ms
        self._worn = look
        if before is None or before.palette != look.palette:
            self._filter()
            # Where planes cannot be told apart, thin frames stand for them: see app.tcss.
            host.set_class(look.palette.framed or host.no_color, "-framed")
            use_palette(host, look.palette)
        if host.is_running and (before is None or before.skin != look.skin):
            self.dress_frame()
            self.dress(host.open_panes())

    def _filter(self) -> None:
        """Say with weight what colours cannot, and plainly what glyphs cannot."""
        palette, found = self.palette(), list[LineFilter]()
        if self._host.no_color or is_grey(palette):
            found.append(Weights(palette, keeps_colours=not self._host.no_color))
        if self._is_plain:
            found.append(PlainGlyphs())
        elif self._wide_glyphs:
            found.append(PlainGlyphs(self._wide_glyphs))
        self._host.row_filters = tuple(found)
