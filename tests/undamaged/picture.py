"""What a family of pictures yields, and the tools that all of them draw with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from matplotlib import get_data_path
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
Random = np.random.Generator
Colour = tuple[int, int, int]

BLACK: Final[Colour] = (0, 0, 0)
WHITE: Final[Colour] = (255, 255, 255)

_SYLLABLES: Final = (
    *("ba", "ca", "de", "fo", "gu", "ha", "in", "jo", "ka", "le", "mi", "no", "ob", "pra", "qui", "ro", "sta", "tri"),
    *("un", "ve", "wor", "xe", "yl", "zo", "an", "er", "ing", "ste"),
)
_FACES: Final = ("Sans", "Sans-Bold", "SansMono", "Serif", "Serif-Bold", "Sans-Oblique", "SansMono-Bold")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture before it is encoded.

    Attributes:
        image: an RGB, L or CMYK image.
        before: what it was before strips, text or a crop changed it, for a thumbnail that was left behind; None where
            nothing changed.
    """

    image: Image.Image
    before: Image.Image | None = None


def canvas_size(random: Random, megapixels: float | None = None) -> tuple[int, int]:
    """Width and height: mostly 0.1 to 1 megapixel, seldom a multiple of 8 or 16."""
    area = 1e6 * (megapixels or float(np.exp(random.uniform(np.log(0.1), np.log(1.0)))))
    aspect = float(random.choice([0.56, 0.75, 1.0, 1.33, 1.5, 1.78]))
    width = round((area * aspect) ** 0.5)
    height = round((area / aspect) ** 0.5)
    if random.random() < 0.4:
        return max(16, width // 16 * 16), max(16, height // 16 * 16)
    return width, height


@cache
def _face(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVu{name}.ttf", size)


def font(random: Random, size: float, name: str | None = None) -> ImageFont.FreeTypeFont:
    """A DejaVu face of a size in pixels."""
    return _face(name or str(random.choice(_FACES)), max(6, round(size)))


def word(random: Random) -> str:
    """A word of one to four syllables that means nothing."""
    return "".join(random.choice(_SYLLABLES) for _ in range(random.integers(1, 5)))


def words(random: Random, count: int) -> str:
    return " ".join(word(random) for _ in range(count))


def stamp(random: Random) -> str:
    """A date and a time as cameras print them."""
    year, month, day = random.integers(2003, 2026), random.integers(1, 13), random.integers(1, 29)
    hour, minute, second = random.integers(0, 24), random.integers(0, 60), random.integers(0, 60)
    date = str(
        random.choice([f"{year}-{month:02}-{day:02}", f"{month:02}/{day:02}/{year}", f"{day}.{month}.'{year % 100:02}"])
    )
    return f"{date} {hour:02}:{minute:02}:{second:02}"


def colour(random: Random, low: int = 0, high: int = 256) -> Colour:
    red, green, blue = (int(value) for value in random.integers(low, high, 3))
    return red, green, blue


def blank(size: tuple[int, int], background: Colour = WHITE) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", size, background)
    return image, ImageDraw.Draw(image)


def noisy(random: Random, image: Image.Image, spread: float) -> Image.Image:
    """The picture with normal noise of that standard deviation."""
    pixels = np.asarray(image).astype(np.float32)
    return Image.fromarray(to_bytes(pixels + random.normal(0, spread, pixels.shape)))


def to_bytes(values: NDArray[np.floating]) -> Pixels:
    """Values rounded and clipped to bytes."""
    clipped: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return clipped


def spectrum_noise(random: Random, size: tuple[int, int], slope: float) -> NDArray[np.float64]:
    """Noise (height, width) of mean 0 and deviation 1 whose amplitude falls with frequency to the power of `slope`."""
    width, height = size
    down, across = np.fft.fftfreq(height)[:, np.newaxis], np.fft.rfftfreq(width)
    amplitude = np.maximum(np.hypot(down, across), 1 / max(size)) ** -slope
    plane = np.fft.irfft2(np.fft.rfft2(random.standard_normal((height, width))) * amplitude, (height, width))
    normal: NDArray[np.float64] = (plane - plane.mean()) / (plane.std() + 1e-9)
    return normal


def paragraph(
    random: Random,
    draw: ImageDraw.ImageDraw,
    box: tuple[int, int, int, int],
    size: float,
    ink: Colour,
    face: str | None = None,
) -> None:
    """Fill a box (left, top, right, bottom) with lines of text."""
    left, top, right, bottom = box
    chosen = font(random, size, face)
    step = round(size * float(random.uniform(1.15, 1.6)))
    for y in range(top, max(top + 1, bottom - step + 1), step):
        line = words(random, 40)
        limit = (right - left) * (1.0 if random.random() < 0.85 else float(random.uniform(0.2, 0.9)))
        while line and chosen.getlength(line) > limit:
            line = (
                line[: int(len(line) * min(0.95, limit / chosen.getlength(line)))].rsplit(" ", 1)[0]
                if " " in line
                else ""
            )
        draw.text((left, y), line, ink, chosen)
