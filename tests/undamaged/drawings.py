"""Drawings: lines, maps, comics, flat pictures, codes for machines."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from tests.undamaged.photos import Photos
from tests.undamaged.picture import (
    BLACK,
    WHITE,
    Picture,
    Random,
    blank,
    canvas_size,
    colour,
    font,
    spectrum_noise,
    word,
    words,
)


def line_drawing(random: Random, photos: Photos) -> Picture:
    """Outlines of a photograph, or a technical drawing with its dimensions."""
    size = canvas_size(random)
    if random.random() < 0.5:
        grey = photos.crop(random, size).convert("L").filter(ImageFilter.GaussianBlur(1))
        edges = ImageOps.invert(grey.filter(ImageFilter.FIND_EDGES))
        drawn = ImageOps.autocontrast(edges, cutoff=2)
        if random.random() < 0.5:
            drawn = drawn.point(lambda value: 255 if value > 200 else 0)
        return Picture(drawn.convert("RGB") if random.random() < 0.6 else drawn)
    image, draw = blank(size, WHITE if random.random() < 0.8 else (20, 50, 120))
    ink = BLACK if image.getpixel((0, 0)) == WHITE else WHITE
    for _ in range(random.integers(5, 40)):
        ends = [(float(random.uniform(0, size[0])), float(random.uniform(0, size[1]))) for _ in range(2)]
        left, right = sorted(x for x, _ in ends)
        top, bottom = sorted(y for _, y in ends)
        thick = int(random.integers(1, 4))
        match int(random.integers(4)):
            case 0:
                draw.rectangle((left, top, right, bottom), outline=ink, width=thick)
            case 1:
                draw.ellipse((left, top, right, bottom), outline=ink, width=thick)
            case 2:
                draw.line((left, top, right, top), ink, thick)
                draw.text(
                    ((left + right) / 2, top), f"{random.integers(1, 999)}", ink, font(random, size[1] / 40, "Sans")
                )
            case _:
                draw.line(ends, ink, thick)
    return Picture(image)


def street_map(random: Random, photos: Photos) -> Picture:
    """Streets, water, parks and names, or contour lines."""
    del photos
    width, height = canvas_size(random)
    field = spectrum_noise(random, (width, height), 2.0)
    if random.random() < 0.4:
        levels = np.floor(field * float(random.uniform(2, 6)))
        lines = (np.diff(levels, axis=0, append=levels[-1:]) != 0) | (
            np.diff(levels, axis=1, append=levels[:, -1:]) != 0
        )
        plane = np.full((height, width, 3), (236, 240, 220), dtype=np.uint8)
        plane[field < -0.8] = (170, 210, 240)
        plane[lines] = (170, 120, 70)
        image = Image.fromarray(plane)
    else:
        plane = np.full((height, width, 3), (242, 239, 233), dtype=np.uint8)
        plane[field > 1] = (200, 225, 170)
        plane[field < -1] = (170, 211, 223)
        image = Image.fromarray(plane)
    draw = ImageDraw.Draw(image)
    for _ in range(random.integers(6, 40)):
        thick = int(random.choice([1, 2, 3, 5, 8]))
        x, y = float(random.uniform(0, width)), float(random.uniform(0, height))
        turn = float(random.choice([0, np.pi / 2])) + float(random.normal(0, 0.2))
        reach = float(random.uniform(50, width))
        line = (x, y, x + reach * np.cos(turn), y + reach * np.sin(turn))
        draw.line(line, (150, 150, 150), thick + 2)
        draw.line(line, WHITE if random.random() < 0.7 else (250, 210, 120), thick)
    for _ in range(random.integers(5, 30)):
        place = (float(random.uniform(0, width)), float(random.uniform(0, height)))
        draw.text(place, word(random).title(), (60, 60, 60), font(random, float(random.uniform(9, 18)), "Sans"))
    return Picture(image)


def comic(random: Random, photos: Photos) -> Picture:
    """Panels with flat figures, dots, outlines and speech."""
    del photos
    width, height = canvas_size(random)
    image, draw = blank((width, height))
    rows, columns = int(random.integers(1, 4)), int(random.integers(1, 4))
    gap = max(3, width // 60)
    for row in range(rows):
        for column in range(columns):
            box = (
                column * width // columns + gap,
                row * height // rows + gap,
                (column + 1) * width // columns - gap,
                (row + 1) * height // rows - gap,
            )
            panel = _panel(random, (max(16, box[2] - box[0]), max(16, box[3] - box[1])))
            image.paste(panel, box[:2])
            draw.rectangle(box, outline=BLACK, width=max(2, width // 250))
    return Picture(image)


def _panel(random: Random, size: tuple[int, int]) -> Image.Image:
    width, height = size
    image, draw = blank(size, colour(random, 90))
    draw.rectangle((0, height * 2 // 3, width, height), colour(random, 40, 200))
    if random.random() < 0.4:
        step = int(random.integers(4, 9))
        for y in range(0, height // 2, step):
            for x in range((y // step % 2) * step // 2, width, step):
                draw.ellipse((x, y, x + step * 0.6, y + step * 0.6), colour(random, 200, 256))
    for _ in range(random.integers(1, 5)):
        middle, radius = float(random.uniform(0, width)), min(size) * float(random.uniform(0.08, 0.25))
        neck = height * 0.45
        body = (middle - radius, neck, middle + radius, height)
        draw.rounded_rectangle(body, radius / 2, colour(random), BLACK, 2)
        head = (middle - radius, neck - radius * 1.6, middle + radius, neck + radius * 0.4)
        draw.ellipse(head, (250, 215, 180), BLACK, 2)
        for eye in (middle - radius * 0.4, middle + radius * 0.4):
            draw.ellipse((eye - radius / 10, neck - radius * 0.8, eye + radius / 10, neck - radius / 2), BLACK)
    letters = font(random, max(7, height / 16), "Sans-Bold")
    text = words(random, 3).upper()
    wide = min(width - 8, letters.getlength(text) + 12)
    draw.rounded_rectangle((4, 4, 4 + wide, 8 + letters.size * 1.8), 8, WHITE, BLACK, 2)
    draw.text((10, 8), text, BLACK, letters)
    return image


def flat(random: Random, photos: Photos) -> Picture:
    """Icons, flags, logos: a few plain colours with sharp edges, or one colour only."""
    del photos
    size = canvas_size(random)
    image, draw = blank(size, colour(random))
    if random.random() < 0.12:
        return Picture(image)
    for _ in range(random.integers(1, 14)):
        x, y = (float(random.uniform(0, side)) for side in size)
        reach = min(size) * float(random.uniform(0.05, 0.5))
        match int(random.integers(4)):
            case 0:
                draw.rectangle((x - reach, y - reach / 2, x + reach, y + reach / 2), colour(random))
            case 1:
                draw.ellipse((x - reach, y - reach, x + reach, y + reach), colour(random))
            case 2:
                draw.polygon([(x, y), (x + reach, y), (x, y + reach)], colour(random))
            case _:
                draw.text((x, y), word(random).upper(), colour(random), font(random, reach / 2, "Sans-Bold"))
    if random.random() < 0.3:
        image = ImageChops.add(image, image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 2)
    return Picture(image)


def matrix_code(random: Random, photos: Photos) -> Picture:
    """Square codes with their three corner marks, alone, on paper or over a photograph."""
    modules = int(random.choice([21, 25, 29, 37, 57]))
    cells = random.random((modules, modules)) < 0.5
    for row, column in ((0, 0), (0, modules - 7), (modules - 7, 0)):
        cells[max(0, row - 1) : row + 8, max(0, column - 1) : column + 8] = False
        ring = np.ones((7, 7), dtype=bool)
        ring[1:6, 1:6] = False
        ring[2:5, 2:5] = True
        cells[row : row + 7, column : column + 7] = ring
    scale = int(random.integers(3, 16))
    code = ImageOps.expand(Image.fromarray(np.where(cells, 0, 255).astype(np.uint8)), 4, 255)
    code = code.resize((code.width * scale, code.height * scale), Image.Resampling.NEAREST)
    if random.random() < 0.4:
        return Picture(code)
    around = photos.crop(random, (code.width * 2, code.height * 3 // 2))
    turned = code.rotate(float(random.normal(0, 6)), Image.Resampling.BICUBIC, fillcolor=255)
    around.paste(turned.convert("RGB"), (code.width // 3, code.height // 4))
    return Picture(around)


def bar_code(random: Random, photos: Photos) -> Picture:
    """Upright or lying bars with figures below, many or one to a picture."""
    del photos
    width, height = canvas_size(random)
    image, draw = blank((width, height))
    count = int(random.integers(1, 5))
    for place in range(count):
        top, bottom = place * height // count + 6, (place + 1) * height // count - max(14, height // (9 * count))
        x, unit = width // 12, int(random.integers(1, 5))
        while x < width * 11 // 12:
            bar = unit * int(random.integers(1, 5))
            draw.rectangle((x, top, x + bar - 1, max(top, bottom)), BLACK)
            x += bar + unit * int(random.integers(1, 5))
        digits = "".join(map(str, random.integers(0, 10, 13)))
        draw.text((width // 6, bottom), digits, BLACK, font(random, max(10, height / (12 * count)), "SansMono"))
    return Picture(image.rotate(90, expand=True) if random.random() < 0.3 else image)
