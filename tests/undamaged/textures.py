"""Bilevel, halftone, enlarged and repeated pictures, fine patterns, fractals, noise, mosaics."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

from tests.undamaged.photos import Photos
from tests.undamaged.picture import Picture, Random, canvas_size, colour, spectrum_noise, to_bytes
from tests.undamaged.sensors import false_colours


def bilevel(random: Random, photos: Photos) -> Picture:
    """A photograph in black and white only, by a threshold or by error diffusion, as a fax."""
    grey = photos.crop(random, canvas_size(random)).convert("L")
    if random.random() < 0.5:
        level = int(random.integers(70, 180))
        image = grey.point(lambda value: 255 if value > level else 0)
    else:
        image = grey.convert("1").convert("L")
    return Picture(image if random.random() < 0.4 else image.convert("RGB"))


def halftone(random: Random, photos: Photos) -> Picture:
    """Dots of a newspaper's or a poster's print, grey or in four inks."""
    photo = photos.crop(random, canvas_size(random))
    planes = np.asarray(photo).astype(np.float64) / 255
    down, across = np.mgrid[0 : photo.height, 0 : photo.width]
    period = float(random.uniform(3, 14))
    screens = []
    for channel in range(3):
        turn = np.deg2rad(15 + 30 * channel)
        first = across * np.cos(turn) + down * np.sin(turn)
        second = down * np.cos(turn) - across * np.sin(turn)
        threshold = 0.5 + np.sin(first * 2 * np.pi / period) * np.sin(second * 2 * np.pi / period) / 2
        screens.append(np.where(planes[:, :, channel] > threshold, 255.0, 0.0))
    if random.random() < 0.4:
        screens = [screens[0]] * 3
    return Picture(Image.fromarray(to_bytes(np.stack(screens, axis=2))))


def enlarged(random: Random, photos: Photos) -> Picture:
    """Few pixels shown large: as squares, or smoothed."""
    size = canvas_size(random)
    factor = float(random.uniform(2, 24))
    small = photos.crop(random, (max(4, int(size[0] / factor)), max(4, int(size[1] / factor))))
    ways = [Image.Resampling.NEAREST, Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.LANCZOS]
    return Picture(small.resize(size, ways[int(random.integers(4))]))


def fine_pattern(random: Random, photos: Photos) -> Picture:
    """Chequers, stripes, weaves and moiré, of periods from one pixel to forty."""
    del photos
    width, height = canvas_size(random)
    down, across = np.mgrid[0:height, 0:width]
    period = int(random.choice([1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 24, 32, 40]))
    second = int(random.integers(1, 41))
    plane = [
        (across // period + down // period) % 2,
        (across // period) % 2,
        (down // period) % 2,
        ((across + down) // period) % 2,
        (across // period % 2) ^ (down // second % 2),
        0.5 + 0.5 * np.sin(across * 2 * np.pi / (period + 0.37)) * np.sin(down * 2 * np.pi / (second + 0.21)),
    ][int(random.integers(6))]
    first, last = np.array(colour(random)), np.array(colour(random))
    if random.random() < 0.5:
        first, last = np.zeros(3), np.full(3, 255)
    return Picture(Image.fromarray(to_bytes(first + plane[:, :, np.newaxis] * (last - first))))


def fractal(random: Random, photos: Photos) -> Picture:
    """A part of a Julia set in false colours."""
    del photos
    width, height = canvas_size(random, float(random.uniform(0.08, 0.4)))
    reach = float(random.uniform(0.05, 1.6))
    down, across = np.mgrid[-reach : reach : height * 1j, -reach : reach : width * 1j]
    place = across + 1j * down
    seed = 0.7885 * np.exp(1j * float(random.uniform(0, 2 * np.pi)))
    counts = np.zeros(place.shape)
    for _ in range(60):
        inside = np.abs(place) < 4
        place = np.where(inside, place * place + seed, place)
        counts += inside
    return Picture(Image.fromarray(false_colours(random, counts % 30 / 29)))


def noise(random: Random, photos: Photos) -> Picture:
    """White, grey or falling noise, in colour or not."""
    del photos
    size = canvas_size(random, float(random.uniform(0.05, 0.4)))
    slope = float(random.choice([0, 0, 0.5, 1, 2]))
    spread = float(random.uniform(5, 80))
    planes = [spectrum_noise(random, size, slope) for _ in range(3)]
    if random.random() < 0.4:
        planes = [planes[0]] * 3
    return Picture(Image.fromarray(to_bytes(128 + spread * np.stack(planes, axis=2))))


def wallpaper(random: Random, photos: Photos) -> Picture:
    """One tile repeated, straight, mirrored or shifted."""
    size = canvas_size(random)
    tile = photos.crop(random, (int(random.integers(12, 140)), int(random.integers(12, 140))))
    image = Image.new("RGB", size)
    shift = int(random.choice([0, tile.width // 2]))
    flip = random.random() < 0.4
    for row, y in enumerate(range(0, size[1], tile.height)):
        for column, x in enumerate(range(-(row % 2) * shift, size[0], tile.width)):
            image.paste(ImageOps.mirror(tile) if flip and column % 2 else tile, (x, y))
    return Picture(image)


def mosaic(random: Random, photos: Photos) -> Picture:
    """A picture cut in squares that are shuffled, or a puzzle, or flat tiles with joints."""
    photo = photos.crop(random, canvas_size(random))
    side = int(random.choice([8, 16, 20, 32, 50, 64, 100]))
    image = photo.copy()
    places = [(x, y) for y in range(0, photo.height - side + 1, side) for x in range(0, photo.width - side + 1, side)]
    shuffled = random.permutation(len(places)) if random.random() < 0.5 else np.arange(len(places))
    flat = random.random() < 0.5
    for place, other in zip(places, shuffled, strict=True):
        x, y = places[int(other)]
        part = photo.crop((x, y, x + side, y + side))
        image.paste(part.resize((1, 1), Image.Resampling.BOX).resize(part.size) if flat else part, place)
    if random.random() < 0.4:
        pixels = np.asarray(image).copy()
        pixels[::side] = pixels[:, ::side] = 30
        image = Image.fromarray(pixels)
    return Picture(image)
