"""Every kind of made picture by name. To add one, write a function `(random, photos) -> Picture` and name it here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from PIL import Image

from tests.undamaged import charts, drawings, pages, screens, sensors, strips, textures
from tests.undamaged.photos import Photos
from tests.undamaged.picture import Picture, Random, canvas_size

Maker = Callable[[Random, Photos], Picture]


def plain_photo(random: Random, photos: Photos) -> Picture:
    """A photograph, cropped and scaled, nothing else."""
    return Picture(photos.crop(random, canvas_size(random)))


def large(random: Random, photos: Photos) -> Picture:
    """A photograph or a collage of 4 to 12 megapixels."""
    photo = photos.crop(random, canvas_size(random, float(random.uniform(4, 12))))
    if random.random() < 0.5:
        strip = round(photo.height * 0.05)
        photo.paste((0, 0, 0), (0, photo.height - strip, photo.width, photo.height))
    return Picture(photo)


def small(random: Random, photos: Photos) -> Picture:
    """Icons and avatars of 8 to 160 pixels."""
    size = (int(random.integers(8, 161)), int(random.integers(8, 161)))
    return Picture(photos.crop(random, size))


def cmyk(random: Random, photos: Photos) -> Picture:
    """Four inks: any of a few other kinds."""
    ways: list[Maker] = [plain_photo, strips.trail_camera, charts.patches, pages.document, screens.chat, drawings.comic]
    made = ways[int(random.integers(len(ways)))](random, photos)
    image = made.image
    image.thumbnail((900, 900), Image.Resampling.LANCZOS)
    return Picture(image.convert("CMYK"))


KINDS: Final[Mapping[str, Maker]] = MappingProxyType(
    {
        "trail-camera": strips.trail_camera,
        "letterbox": strips.letterbox,
        "pillar-box": strips.pillar_box,
        "framed": strips.framed,
        "meme": strips.meme,
        "caption": strips.caption,
        "date-stamp": strips.date_stamp,
        "redacted": strips.redacted,
        "collage": strips.collage,
        "split-screen": strips.split_screen,
        "stitched": strips.stitched,
        "edited": strips.edited,
        "chat": screens.chat,
        "web-page": screens.web_page,
        "application": screens.application,
        "gallery": screens.gallery,
        "terminal": screens.terminal,
        "slide": screens.slide,
        "page": pages.page,
        "form": pages.form,
        "receipt": pages.receipt,
        "document": pages.document,
        "handwriting": pages.handwriting,
        "patches": charts.patches,
        "gradient": charts.gradient,
        "test-card": charts.test_card,
        "star": charts.star,
        "plot": charts.plot,
        "spectrogram": charts.spectrogram,
        "line-drawing": drawings.line_drawing,
        "map": drawings.street_map,
        "comic": drawings.comic,
        "flat": drawings.flat,
        "matrix-code": drawings.matrix_code,
        "bar-code": drawings.bar_code,
        "night": sensors.night,
        "thermal": sensors.thermal,
        "x-ray": sensors.x_ray,
        "over-exposed": sensors.over_exposed,
        "fog": sensors.fog,
        "aerial": sensors.aerial,
        "bilevel": textures.bilevel,
        "halftone": textures.halftone,
        "enlarged": textures.enlarged,
        "fine-pattern": textures.fine_pattern,
        "fractal": textures.fractal,
        "noise": textures.noise,
        "wallpaper": textures.wallpaper,
        "mosaic": textures.mosaic,
        "plain-photo": plain_photo,
        "large": large,
        "small": small,
        "cmyk": cmyk,
    }
)
