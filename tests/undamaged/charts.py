"""Charts for cameras and screens, and charts of numbers: patches, gradients, test cards, plots, spectrograms."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageOps

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
    noisy,
    to_bytes,
    word,
)
from tests.undamaged.sensors import false_colours


def patches(random: Random, photos: Photos) -> Picture:
    """A grid of flat colours on a dark, grey or white ground, as a colour target; sometimes photographed."""
    width, height = canvas_size(random)
    ground = [BLACK, WHITE, (128, 128, 128), (20, 20, 22)][int(random.integers(4))]
    image, draw = blank((width, height), ground)
    columns, rows = int(random.integers(2, 15)), int(random.integers(2, 11))
    gap = float(random.choice([0, 0.05, 0.15, 0.3]))
    for row in range(rows):
        for column in range(columns):
            left, top = (column + gap / 2) * width / columns, (row + gap / 2) * height / rows
            box = (left, top, left + (1 - gap) * width / columns, top + (1 - gap) * height / rows)
            grey = round(255 * column / max(1, columns - 1))
            draw.rectangle(box, (grey, grey, grey) if row == rows - 1 else colour(random))
    if random.random() < 0.4:
        image = noisy(random, image, float(random.uniform(0.5, 5)))
    if random.random() < 0.25:
        table = photos.crop(random, (round(width * 1.4), round(height * 1.4)))
        table.paste(image, (width // 5, height // 5))
        image = table
    return Picture(image)


def gradient(random: Random, photos: Photos) -> Picture:
    """Ramps of brightness and hue: linear, radial, conical, in steps or smooth."""
    del photos
    width, height = canvas_size(random)
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    angle = float(random.uniform(0, 2 * np.pi))
    ramp = [
        across * np.cos(angle) + down * np.sin(angle),
        np.hypot(across - 0.5, down - 0.5) * 2,
        (np.arctan2(down - 0.5, across - 0.5) / np.pi + 1) / 2,
        across * down,
    ][int(random.integers(4))]
    ramp = (ramp - ramp.min()) / np.ptp(ramp)
    if random.random() < 0.4:
        steps = int(random.integers(3, 40))
        ramp = np.floor(ramp * steps) / steps
    if random.random() < 0.3:
        return Picture(Image.fromarray(false_colours(random, ramp)))
    first, last = np.array(colour(random)), np.array(colour(random))
    return Picture(Image.fromarray(to_bytes(first + ramp[:, :, np.newaxis] * (last - first))))


def test_card(random: Random, photos: Photos) -> Picture:
    """A television's card: bars, a circle, gratings, steps of grey, a grid."""
    del photos
    width, height = canvas_size(random)
    image, draw = blank((width, height), (110, 110, 110))
    if random.random() < 0.6:
        step = max(8, width // int(random.integers(10, 25)))
        for x in range(0, width, step):
            draw.line((x, 0, x, height), WHITE, max(1, width // 400))
        for y in range(0, height, step):
            draw.line((0, y, width, y), WHITE, max(1, width // 400))
    full = int(random.choice([191, 255]))
    for bar in range(8):
        code = 7 - bar
        ink = (full * (code >> 1 & 1), full * (code >> 2 & 1), full * (code & 1))
        draw.rectangle((width * bar // 8, height // 10, width * (bar + 1) // 8, height // 2), ink)
    for period in range(2, 8):
        left = width * (period - 2) // 6
        for x in range(left, left + width // 7, period):
            draw.rectangle((x, height // 2, x + period // 2 - 1, height * 2 // 3), WHITE)
    for step in range(11):
        draw.rectangle(
            (width * step // 11, height * 2 // 3, width * (step + 1) // 11, height * 5 // 6), (step * 25,) * 3
        )
    radius = min(width, height) * 0.45
    draw.ellipse(
        (width / 2 - radius, height / 2 - radius, width / 2 + radius, height / 2 + radius), outline=WHITE, width=3
    )
    draw.rectangle((width // 3, height * 5 // 6, width * 2 // 3, height * 9 // 10), BLACK)
    draw.text(
        (width // 3 + 4, height * 5 // 6), word(random).upper(), WHITE, font(random, height / 20, "SansMono-Bold")
    )
    return Picture(image)


def star(random: Random, photos: Photos) -> Picture:
    """Resolution targets: Siemens stars, zone plates, slanted edges."""
    del photos
    width, height = canvas_size(random)
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    match int(random.integers(3)):
        case 0:
            spokes = int(random.integers(8, 90))
            plane = np.sign(np.sin(np.arctan2(down, across) * spokes))
        case 1:
            plane = np.cos((across**2 + down**2) * float(random.uniform(20, 400)))
        case _:
            plane = np.sign(across + down * float(random.uniform(-0.3, 0.3)) + 0.3 * np.sign(np.sin(down * 9)))
    grey = to_bytes(127.5 + 127.5 * float(random.uniform(0.3, 1)) * plane)
    return Picture(Image.fromarray(grey).convert("RGB"))


def plot(random: Random, photos: Photos) -> Picture:
    """Curves, bars or points with axes and labels."""
    del photos
    width, height = canvas_size(random)
    image, draw = blank((width, height), WHITE if random.random() < 0.8 else colour(random, 0, 40))
    ink = BLACK if image.getpixel((0, 0)) == WHITE else WHITE
    left, top, right, bottom = width // 8, height // 10, width * 19 // 20, height * 7 // 8
    letters = font(random, height / 30, "Sans")
    for tick in range(6):
        x, y = left + (right - left) * tick // 5, bottom - (bottom - top) * tick // 5
        draw.line((x, top, x, bottom), (210, 210, 210))
        draw.line((left, y, right, y), (210, 210, 210))
        draw.text((x, bottom + 4), str(tick * 20), ink, letters)
        draw.text((left - letters.getlength("0.8 "), y - letters.size / 2), f"{tick / 5:.1f}", ink, letters)
    draw.line((left, top, left, bottom, right, bottom), ink, max(1, height // 250))
    across = np.linspace(left, right, 200)
    style = int(random.integers(3))
    for _ in range(random.integers(1, 7)):
        hue = colour(random)
        curve = np.clip(np.cumsum(random.normal(0, 0.05, 200)) + random.uniform(0.2, 0.8), 0, 1)
        heights = bottom - (bottom - top) * curve
        if style == 0:
            draw.line(list(zip(across.tolist(), heights.tolist(), strict=True)), hue, max(1, height // 200))
        elif style == 1:
            for x, y in zip(across[::8], heights[::8], strict=True):
                draw.rectangle((x, y, x + (right - left) / 40, bottom), hue)
        else:
            for x, y in zip(across, heights, strict=True):
                draw.ellipse((x - 3, y - 3, x + 3, y + 3), hue)
    draw.text((width // 3, 2), word(random).title(), ink, font(random, height / 22, "Sans-Bold"))
    return Picture(image)


def spectrogram(random: Random, photos: Photos) -> Picture:
    """Power by frequency and time in false colours, with chirps and hum, framed by axes or bare."""
    del photos
    width, height = canvas_size(random)
    power = random.exponential(0.08, (height, width))
    down = np.arange(height)[:, np.newaxis]
    for _ in range(random.integers(3, 30)):
        begin, long = int(random.integers(0, width)), int(random.integers(10, max(11, width // 3)))
        columns = np.arange(begin, min(width, begin + long))
        middle = random.uniform(0, height) + (columns - begin) * random.normal(0, 0.5)
        power[:, columns] += random.uniform(0.2, 1) * np.exp(-(((down - middle) / random.uniform(1, 8)) ** 2))
    for _ in range(random.integers(0, 6)):
        power[int(random.integers(0, height))] += 0.6
    image = Image.fromarray(false_colours(random, np.clip(power, 0, 1)))
    if random.random() < 0.5:
        image = ImageOps.expand(image, (width // 12, height // 20, width // 20, height // 9), WHITE)
        draw = ImageDraw.Draw(image)
        for tick in range(5):
            draw.text(
                (width // 12 + tick * width // 5, image.height - height // 10),
                f"{tick} s",
                BLACK,
                font(random, height / 25, "Sans"),
            )
    return Picture(image)
