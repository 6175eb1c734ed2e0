"""What unusual sensors and unusual light give: night, thermal, X-ray, over-exposure, fog, aerial views."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from tests.undamaged.photos import Photos
from tests.undamaged.picture import (
    BLACK,
    WHITE,
    Picture,
    Pixels,
    Random,
    canvas_size,
    font,
    noisy,
    spectrum_noise,
    stamp,
    to_bytes,
    word,
)

_PALETTES = (
    ((0, 0, 0), (60, 0, 120), (190, 20, 90), (250, 130, 20), (255, 250, 190)),
    ((0, 0, 130), (0, 120, 255), (60, 255, 160), (255, 220, 0), (140, 0, 0)),
    ((0, 0, 0), (255, 255, 255)),
    ((255, 255, 255), (0, 0, 0)),
    ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)),
)


def false_colours(random: Random, values: NDArray[np.floating]) -> Pixels:
    """Values from 0 to 1, (height, width), in one of the palettes of thermal cameras and plots."""
    palette = np.array(_PALETTES[int(random.integers(len(_PALETTES)))], dtype=np.float64)
    places = np.linspace(0, 1, len(palette))
    return to_bytes(np.stack([np.interp(values, places, palette[:, channel]) for channel in range(3)], axis=2))


def night(random: Random, photos: Photos) -> Picture:
    """Nearly black, with noise and lamps."""
    size = canvas_size(random)
    image = photos.dark(random, size, float(random.uniform(0.0, 0.25)), float(random.uniform(0, 6)))
    draw = ImageDraw.Draw(image)
    for _ in range(random.integers(0, 25)):
        x, y = int(random.integers(0, size[0])), int(random.integers(0, size[1]))
        radius = float(random.uniform(0.5, 4))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), (255, 240, int(random.integers(120, 255))))
    return Picture(image.filter(ImageFilter.GaussianBlur(0.8)) if random.random() < 0.5 else image)


def thermal(random: Random, photos: Photos) -> Picture:
    """Warm blobs in false colours, enlarged from few pixels, with a scale, a cross hair and figures."""
    width, height = canvas_size(random, float(random.uniform(0.08, 0.5)))
    grey = np.asarray(photos.crop(random, (width // 4 + 8, height // 4 + 8)).convert("L")).astype(np.float64) / 255
    field = grey * 0.5 + 0.25 * spectrum_noise(random, (grey.shape[1], grey.shape[0]), 1.8)
    field = (field - field.min()) / (np.ptp(field) + 1e-9)
    resampling = Image.Resampling.BICUBIC if random.random() < 0.7 else Image.Resampling.NEAREST
    image = Image.fromarray(false_colours(random, field)).resize((width, height), resampling)
    draw = ImageDraw.Draw(image)
    if random.random() < 0.8:
        ramp = false_colours(random, np.linspace(1, 0, height * 2 // 3)[:, np.newaxis] * np.ones(max(6, width // 30)))
        image.paste(Image.fromarray(ramp), (width - width // 20, height // 6))
        letters = font(random, height / 18, "Sans-Bold")
        draw.text((width * 0.8, 4), f"{random.uniform(20, 90):.1f}°C", WHITE, letters)
        draw.text((6, height - letters.size * 1.5), word(random).upper(), WHITE, letters)
        middle = (width // 2, height // 2)
        draw.line((middle[0] - 12, middle[1], middle[0] + 12, middle[1]), WHITE)
        draw.line((middle[0], middle[1] - 12, middle[0], middle[1] + 12), WHITE)
    return Picture(image)


def x_ray(random: Random, photos: Photos) -> Picture:
    """Bones and tissue in soft greys, a black surround, a letter in a corner; or an ultrasound's fan; some inverted."""
    del photos
    width, height = canvas_size(random)
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    plane = 90 * np.exp(-(((across / 0.6) ** 2 + (down / 0.9) ** 2) ** 2)) + 8 * spectrum_noise(
        random, (width, height), 1.6
    )
    for rib in range(random.integers(3, 12)):
        bend = down - (-0.9 + rib * 0.18) - 0.25 * across**2
        plane += 50 * np.exp(-((bend / 0.035) ** 2)) * (np.abs(across) < 0.7)
    plane += 70 * np.exp(-((across / 0.08) ** 2))
    if random.random() < 0.4:
        fan = (np.abs(np.arctan2(across, down + 1.1)) < 0.6) & (np.hypot(across, down + 1.1) < 1.9)
        plane = np.where(fan, plane + 25 * random.standard_normal(plane.shape), 0)
    plane += random.normal(0, float(random.uniform(0, 4)), plane.shape)
    image = Image.fromarray(to_bytes(plane))
    if random.random() < 0.25:
        image = ImageOps.invert(image)
    draw = ImageDraw.Draw(image)
    draw.text(
        (width * 0.05, height * 0.04), str(random.choice(["R", "L"])), 255, font(random, height / 14, "Sans-Bold")
    )
    draw.text((width * 0.6, height * 0.94), stamp(random), 255, font(random, height / 35, "SansMono"))
    return Picture(image if random.random() < 0.5 else image.convert("RGB"))


def over_exposed(random: Random, photos: Photos) -> Picture:
    """White with a few tones left: snow, a sky, a flash, a document's margin."""
    photo = photos.crop(random, canvas_size(random))
    gain, lift = float(random.uniform(1.5, 5)), float(random.uniform(20, 160))
    bright = to_bytes(np.asarray(photo).astype(np.float32) * gain + lift)
    return Picture(Image.fromarray(bright), photo)


def fog(random: Random, photos: Photos) -> Picture:
    """Hardly any contrast, or a strong blur: most blocks hold a DC coefficient only."""
    photo = photos.crop(random, canvas_size(random))
    if random.random() < 0.5:
        photo = photo.filter(ImageFilter.GaussianBlur(float(random.uniform(3, 25))))
    grey = np.asarray(photo).astype(np.float32)
    pale = to_bytes(128 + (grey - grey.mean()) * float(random.uniform(0.03, 0.4)) + float(random.uniform(-60, 90)))
    return Picture(noisy(random, Image.fromarray(pale), 1.0) if random.random() < 0.3 else Image.fromarray(pale))


def aerial(random: Random, photos: Photos) -> Picture:
    """Fields, woods and roads from above, of tiles whose exposure differs, and black where nothing was taken."""
    width, height = canvas_size(random)
    texture = spectrum_noise(random, (width, height), float(random.uniform(0.8, 1.5)))
    plane = np.zeros((height, width, 3))
    for _ in range(random.integers(20, 90)):
        left, top = int(random.integers(-40, width)), int(random.integers(-40, height))
        wide, high = int(random.integers(20, 200)), int(random.integers(20, 200))
        hue = np.array([random.integers(40, 170), random.integers(70, 180), random.integers(20, 110)])
        plane[max(0, top) : top + high, max(0, left) : left + wide] = hue
    plane += texture[:, :, np.newaxis] * float(random.uniform(4, 22))
    image = Image.fromarray(to_bytes(plane))
    draw = ImageDraw.Draw(image)
    for _ in range(random.integers(1, 6)):
        ends = [(float(random.uniform(0, width)), float(random.uniform(0, height))) for _ in range(3)]
        draw.line(ends, (150, 150, 145), int(random.integers(2, 7)))
    tile = int(random.choice([64, 100, 128, 256]))
    pixels = np.asarray(image).astype(np.float32)
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            gain = 0.0 if random.random() < 0.04 else float(random.normal(1, 0.08))
            pixels[top : top + tile, left : left + tile] *= gain
    image = Image.fromarray(to_bytes(pixels))
    if random.random() < 0.3:
        image = image.rotate(float(random.uniform(5, 40)), Image.Resampling.BICUBIC, fillcolor=BLACK)
    del photos
    return Picture(image)
