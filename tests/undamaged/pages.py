"""Paper: pages of text, forms, receipts, documents with stamps, handwriting; clean or as a scanner sees them."""

from __future__ import annotations

import itertools

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests.undamaged.photos import Photos
from tests.undamaged.picture import (
    BLACK,
    WHITE,
    Colour,
    Picture,
    Random,
    blank,
    colour,
    font,
    noisy,
    paragraph,
    stamp,
    word,
    words,
)


def _sheet(random: Random, aspect: float = 1.414) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    width = int(random.choice([420, 560, 640, 827, 1000, 1654], p=[0.2, 0.25, 0.2, 0.2, 0.1, 0.05]))
    return blank((width, round(width * aspect)), WHITE if random.random() < 0.5 else colour(random, 215))


def _scanned(random: Random, image: Image.Image) -> Image.Image:
    """Turned a little, with the scanner's dark rim, noise, shade towards the fold; or left clean."""
    if random.random() < 0.35:
        return image
    turned = image.rotate(
        float(random.normal(0, 1.2)), Image.Resampling.BICUBIC, fillcolor=BLACK if random.random() < 0.4 else WHITE
    )
    if random.random() < 0.4:
        shade = np.linspace(float(random.uniform(0.4, 1)), 1, turned.width)[np.newaxis, :, np.newaxis]
        turned = Image.fromarray((np.asarray(turned) * shade).astype(np.uint8))
    if random.random() < 0.3:
        turned = turned.filter(ImageFilter.GaussianBlur(0.7))
    return noisy(random, turned, float(random.uniform(0.5, 6))) if random.random() < 0.7 else turned


def page(random: Random, photos: Photos) -> Picture:
    """A page of a book or a paper in one or two columns, some with a picture."""
    image, draw = _sheet(random)
    width, height = image.size
    margin = round(width * float(random.uniform(0.06, 0.14)))
    size = width / float(random.uniform(35, 75))
    columns = int(random.integers(1, 3))
    face = str(random.choice(["Serif", "Sans", "SansMono"]))
    draw.text((margin, margin // 2), words(random, 4).title(), BLACK, font(random, size * 1.8, "Serif-Bold"))
    wide = (width - 2 * margin) // columns
    for column in range(columns):
        left = margin + column * wide
        top = round(margin * 1.3)
        if random.random() < 0.25:
            photo = photos.crop(random, (wide - 12, wide // 2))
            image.paste(photo.convert("L").convert("RGB") if random.random() < 0.5 else photo, (left, top))
            top += wide // 2 + 10
        paragraph(random, draw, (left, top, left + wide - 12, height - margin), size, BLACK, face)
    draw.text((width // 2, height - margin * 0.7), str(random.integers(1, 900)), BLACK, font(random, size, face))
    return Picture(_scanned(random, image))


def form(random: Random, photos: Photos) -> Picture:
    """A form: boxes, rules, labels, crosses and entries."""
    del photos
    image, draw = _sheet(random)
    width, height = image.size
    ink = BLACK if random.random() < 0.6 else colour(random, 0, 150)
    size = width / 50
    draw.text((width // 12, width // 20), words(random, 3).upper(), ink, font(random, size * 2, "Sans-Bold"))
    y = width // 8
    while y < height - width // 12:
        high = round(size * float(random.uniform(2, 5)))
        cells = int(random.integers(1, 6))
        edges = np.linspace(width // 14, width - width // 14, cells + 1)
        for left, right in itertools.pairwise(edges):
            draw.rectangle((left, y, right, y + high), outline=ink, width=1 + int(random.random() < 0.2))
            draw.text((left + 3, y + 1), word(random), ink, font(random, size * 0.8, "Sans"))
            if random.random() < 0.5:
                draw.text(
                    (left + 6, y + high * 0.45),
                    words(random, 1),
                    colour(random, 0, 90),
                    font(random, size * 1.2, "Sans-Oblique"),
                )
            elif random.random() < 0.3:
                draw.line((left + 5, y + 5, left + high, y + high - 3), BLACK, 2)
                draw.line((left + 5, y + high - 3, left + high, y + 5), BLACK, 2)
        y += high + (0 if random.random() < 0.6 else round(size * 2))
    return Picture(_scanned(random, image))


def receipt(random: Random, photos: Photos) -> Picture:
    """A long narrow receipt, alone or lying on a table."""
    width = int(random.integers(180, 420))
    height = int(width * random.uniform(1.8, 4))
    image, draw = blank((width, height), (250, 248, 244))
    letters = font(random, width / 26, "SansMono")
    draw.text((width // 4, 8), word(random).upper(), BLACK, font(random, width / 14, "SansMono-Bold"))
    y = float(width / 6)
    while y < height - width / 6:
        draw.text((width * 0.04, y), words(random, 2)[:18], (40, 40, 40), letters)
        draw.text((width * 0.72, y), f"{random.uniform(0.3, 99):6.2f}", (40, 40, 40), letters)
        y += letters.size * 1.4
    x = width // 8
    while x < width * 7 // 8:
        bar = int(random.integers(1, 4))
        draw.rectangle((x, height - width // 8, x + bar - 1, height - 8), BLACK)
        x += bar + int(random.integers(1, 4))
    if random.random() < 0.5:
        return Picture(_scanned(random, image))
    table = photos.crop(random, (width * 2, height + 60))
    table.paste(
        image.rotate(float(random.normal(0, 3)), Image.Resampling.BICUBIC, fillcolor=(90, 70, 60)), (width // 2, 30)
    )
    return Picture(table)


def document(random: Random, photos: Photos) -> Picture:
    """A letter or an identity document with a portrait, stamps and a signature."""
    image, draw = _sheet(random, float(random.choice([1.414, 0.63])))
    width, height = image.size
    if random.random() < 0.5:
        guilloche(random, draw, image.size)
    paragraph(random, draw, (width // 12, height // 8, width * 11 // 12, height * 2 // 3), width / 42, BLACK, "Serif")
    if random.random() < 0.6:
        portrait = photos.crop(random, (width // 5, width // 4))
        image.paste(portrait, (width // 12, height // 8))
    for _ in range(random.integers(1, 4)):
        _rubber_stamp(random, image)
    _scribble(random, draw, (width // 2, round(height * 0.85)), width / 6)
    return Picture(_scanned(random, image))


def guilloche(random: Random, draw: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
    """Fine waves as on bank notes."""
    width, height = size
    ink = colour(random, 150, 230)
    across = np.arange(0, width, 2)
    beat, depth = float(random.uniform(20, 90)), float(random.uniform(5, 30))
    for offset in range(0, height, int(random.integers(4, 14))):
        wave = offset + depth * np.sin(across / beat + offset / 40)
        draw.line(list(zip(across.tolist(), wave.tolist(), strict=True)), ink, 1)


def _rubber_stamp(random: Random, image: Image.Image) -> None:
    side = image.width // 4
    layer = Image.new("L", (side, side))
    draw = ImageDraw.Draw(layer)
    draw.ellipse((4, 4, side - 5, side - 5), outline=200, width=max(2, side // 30))
    draw.text((side // 6, side * 0.3), word(random).upper(), 200, font(random, side / 8, "Sans-Bold"))
    draw.text((side // 6, side * 0.52), stamp(random)[:10], 200, font(random, side / 10, "Sans"))
    turned = layer.rotate(float(random.uniform(-40, 40)), Image.Resampling.BILINEAR)
    ink: Colour = [(30, 30, 160), (180, 20, 30), (20, 110, 50)][int(random.integers(3))]
    left = int(random.integers(0, image.width - side))
    top = int(random.integers(image.height // 3, max(image.height // 3 + 1, image.height - side)))
    image.paste(Image.new("RGB", (side, side), ink), (left, top), turned)


def _scribble(random: Random, draw: ImageDraw.ImageDraw, place: tuple[int, int], reach: float) -> None:
    steps = np.cumsum(random.normal(0, 1, (60, 2)), axis=0) * reach / 12
    steps[:, 0] += np.linspace(0, reach, 60)
    points = [(place[0] + float(x), place[1] + float(y)) for x, y in steps]
    draw.line(points, (20, 20, 90), max(1, round(reach / 40)), joint="curve")


def handwriting(random: Random, photos: Photos) -> Picture:
    """Scribbled lines on ruled or squared paper."""
    del photos
    image, draw = _sheet(random)
    width, height = image.size
    step = width // int(random.integers(14, 30))
    rule = colour(random, 150, 230)
    for y in range(step, height, step):
        draw.line((0, y, width, y), rule)
    if random.random() < 0.5:
        for x in range(step, width, step):
            draw.line((x, 0, x, height), rule)
    for y in range(step * 2, height - step, step * int(random.integers(1, 3))):
        x = width // 12
        while x < width * 0.85:
            reach = float(random.uniform(1, 4)) * step
            _scribble(random, draw, (x, y - step // 3), reach)
            x += round(reach + step * 0.7)
    return Picture(_scanned(random, image))
