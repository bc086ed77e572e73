"""The sheet a composition draws on: film, colours, dice, and where lettering stands. No pictures."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.domain.posters.choice import Choice
from app.domain.posters.dice import Dice
from app.domain.posters.faces import drawable, face
from app.domain.posters.film import PosterFilm
from app.domain.posters.lettering import Block, one_line, set_title
from app.domain.posters.palettes import Palette
from app.domain.posters.shapes import HEIGHT, WIDTH, rect

MARGIN = 20
MEASURE = WIDTH - 2 * MARGIN
FOOT_BASE = 582.0
FOOT_SIZE = 12.5
FOOT_ROOM = 40


@dataclass(frozen=True)
class Heading:
    """A title set in place, in a colour that has been checked against its ground."""

    svg: str
    fill: str
    ground: str


@dataclass(frozen=True)
class Foot:
    """The colours of the foot line and of what lies under it."""

    fill: str
    ground: str


@dataclass(frozen=True)
class Art:
    """A finished picture: shapes from back to front, the title over them, the foot line over all."""

    shapes: list[str]
    heading: Heading
    foot: Foot | None


@dataclass
class Sheet:
    """What a composition may know."""

    film: PosterFilm
    palette: Palette
    hint: str
    key: str
    dice: Dice
    _ids: int = field(default=0)

    @classmethod
    def of(cls, film: PosterFilm, choice: Choice) -> Sheet:
        return cls(film, choice.palette, choice.hint, choice.key, Dice(choice.seed))

    def about(self, *genres: str) -> bool:
        """Whether the film is of one of these genres (lower case)."""
        return any(genre.strip().lower() in genres for genre in self.film.genres)

    def variant(self, *names: str) -> str:
        """The variant a word hinted at if it is one of these, else one by chance."""
        thrown = self.dice.pick(names)
        return self.hint if self.hint in names else thrown

    def clip(self, outline: str) -> tuple[str, str]:
        """A clip path for this outline: its definition and the id, unique to this film."""
        self._ids += 1
        name = f"{self.key}c{self._ids}"
        return f'<clipPath id="{name}"><path d="{outline}"/></clipPath>', name

    def clipped(self, outline: str, *shapes: str) -> str:
        """Shapes cut off at an outline."""
        definition, name = self.clip(outline)
        return f'{definition}<g clip-path="url(#{name})">{"".join(shapes)}</g>'

    def title(
        self,
        name: str,
        height: float,
        biggest: float,
        width: float = MEASURE,
        tracking: float = 0,
        lines: int = 3,
    ) -> Block:
        return set_title(self.film.title, name, width, height, biggest, tracking, lines)

    def heading(
        self,
        block: Block,
        top: float,
        fill: str,
        ground: str,
        align: str = "left",
        subfill: str = "",
        by_hand: bool = False,
    ) -> Heading:
        """The block between the margins at this height, legible on its ground."""
        x = {"left": MARGIN, "middle": WIDTH / 2, "right": WIDTH - MARGIN}[align]
        return self.heading_at(block, x, top, fill, ground, align, subfill, by_hand)

    def heading_at(
        self,
        block: Block,
        x: float,
        top: float,
        fill: str,
        ground: str,
        align: str,
        subfill: str = "",
        by_hand: bool = False,
    ) -> Heading:
        colour = self.palette.legible(fill, ground)
        below = self.palette.legible(subfill or fill, ground, 4.5)
        return Heading(block.draw(x, top, align, colour, below, self.dice if by_hand else None), colour, ground)

    def panel_top(self, block: Block) -> float:
        """Where a panel at the foot begins that holds this title and the foot line."""
        return HEIGHT - FOOT_ROOM - 10 if block.empty else HEIGHT - FOOT_ROOM - 36 - block.height

    def panel(
        self, block: Block, ground: str, fill: str, align: str = "left", subfill: str = "", rule: str = ""
    ) -> tuple[list[str], Heading]:
        """A panel at the foot with the title in it; rule is the colour of a line along its top."""
        top = self.panel_top(block)
        shapes = [rect(0, top, WIDTH, HEIGHT - top, ground)]
        if rule:
            shapes += [rect(0, top, WIDTH, 5, rule), rect(0, top + 9, WIDTH, 1.5, rule)]
        return shapes, self.heading(block, top + (22 if rule else 18), fill, ground, align, subfill)

    def foot_line(self, foot: Foot) -> str:
        """Director left, year right, in one size."""
        fill = self.palette.legible(foot.fill, foot.ground, 4.5)
        cut = face("label")
        names = [name for name in (drawable(director, cut) for director in self.film.directors) if name]
        year = one_line(str(self.film.year), "board", FOOT_SIZE, 80, 0.06) if self.film.year else None
        top = FOOT_BASE - FOOT_SIZE * cut.cap
        svg = year.draw(WIDTH - MARGIN, top, "right", fill) if year else ""
        return svg + _credit(names).draw(MARGIN, top, "left", fill)


def _credit(names: list[str]) -> Block:
    """As many directors as fit beside the year, down to the first alone."""
    for count in range(min(len(names), 4), 0, -1):
        listed = ", ".join(names[: count - 1]) + " & " + names[count - 1] if count > 1 else names[0]
        block = one_line(listed, "label", FOOT_SIZE, 300, 0.09)
        if block.size == FOOT_SIZE or count == 1:
            return block
    return Block(face("label"), 0, ())
