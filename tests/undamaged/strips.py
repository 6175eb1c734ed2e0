"""Trail cameras, and photographs with bars, frames, text and stamps laid over or beside them."""

from __future__ import annotations

import itertools

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from tests.undamaged.photos import Photos
from tests.undamaged.picture import BLACK, WHITE, Picture, Random, blank, canvas_size, colour, font, stamp, word, words


def trail_camera(random: Random, photos: Photos) -> Picture:
    """Black or white strips with the date, the temperature and a moon, above, below or both; by day or in infrared."""
    first, second = canvas_size(random)
    width, height = max(first, second), min(first, second)
    photo = photos.crop(random, (width, height))
    if random.random() < 0.4:
        photo = _infrared(random, photo)
    high = max(14, round(height * float(random.uniform(0.035, 0.09))))
    paper = BLACK if random.random() < 0.8 else colour(random)
    ink = WHITE if sum(paper) < 380 else BLACK
    above = random.random() < 0.5
    below = not above or random.random() < 0.4
    grown, draw = blank((width, height + high * (above + below)), paper)
    if random.random() < 0.3:  # the strips cover the photograph instead of adding to it
        grown = photo.copy()
        draw = ImageDraw.Draw(grown)
    grown.paste(photo, (0, high * above)) if grown.height > height else None
    for y in [0] * above + [grown.height - high] * below:
        draw.rectangle((0, y, width, y + high - 1), paper)
        _strip(random, draw, (width, y, high), ink)
    return Picture(grown, photo)


def _strip(random: Random, draw: ImageDraw.ImageDraw, place: tuple[int, int, int], ink: tuple[int, int, int]) -> None:
    width, y, high = place
    letters = font(random, high * 0.7, str(random.choice(["Sans-Bold", "SansMono-Bold", "Sans"])))
    degrees = int(random.integers(-15, 40))
    draw.text((high // 3, y + high // 10), stamp(random), ink, letters)
    text = f"{random.choice(['M', 'T'])} {random.integers(1, 4)}/3  {degrees}°C"
    draw.text((width - letters.getlength(text) - high, y + high // 10), text, ink, letters)
    middle = width // 2 + int(random.integers(-high, high))
    draw.ellipse((middle, y + high // 6, middle + high * 2 // 3, y + high * 5 // 6), ink)
    draw.text((width * 0.62, y + high // 10), word(random).upper(), ink, letters)


def _infrared(random: Random, photo: Image.Image) -> Image.Image:
    """Grey, lit from the middle, dark at the rim, with noise."""
    grey = np.asarray(photo.convert("L")).astype(np.float32)
    down, across = np.mgrid[-1 : 1 : grey.shape[0] * 1j, -1 : 1 : grey.shape[1] * 1j]
    light = np.exp(-(down**2 + across**2) * float(random.uniform(0.5, 2.5)))
    lit = grey * light + random.normal(0, float(random.uniform(0.5, 6)), grey.shape)
    return Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8)).convert("RGB")


def letterbox(random: Random, photos: Photos) -> Picture:
    """Bars above and below."""
    width, height = canvas_size(random)
    bar = round(height * float(random.uniform(0.04, 0.3)))
    photo = photos.crop(random, (width, max(16, height - 2 * bar)))
    whole = Image.new("RGB", (width, height), _bar_colour(random))
    whole.paste(photo, (0, bar))
    return Picture(whole, photo)


def pillar_box(random: Random, photos: Photos) -> Picture:
    """Bars left and right, plain or a blurred copy of the photograph."""
    width, height = canvas_size(random)
    bar = round(width * float(random.uniform(0.05, 0.35)))
    photo = photos.crop(random, (max(16, width - 2 * bar), height))
    if random.random() < 0.3:
        whole = ImageOps.fit(photo, (width, height)).filter(ImageFilter.GaussianBlur(width / 30))
    else:
        whole = Image.new("RGB", (width, height), _bar_colour(random))
    whole.paste(photo, (bar, 0))
    return Picture(whole, photo)


def _bar_colour(random: Random) -> tuple[int, int, int]:
    return colour(random) if random.random() < 0.25 else (BLACK if random.random() < 0.7 else WHITE)


def framed(random: Random, photos: Photos) -> Picture:
    """Rims of one or more colours, as an instant print or a passe-partout."""
    photo = photos.crop(random, canvas_size(random))
    whole = photo
    for _ in range(random.integers(1, 4)):
        rim = max(2, round(min(photo.size) * float(random.uniform(0.01, 0.08))))
        whole = ImageOps.expand(whole, rim, colour(random) if random.random() < 0.6 else WHITE)
    if random.random() < 0.3:
        whole = ImageOps.expand(whole, (0, 0, 0, round(whole.height * 0.15)), WHITE)
        draw = ImageDraw.Draw(whole)
        draw.text(
            (whole.width // 5, round(whole.height * 0.9)), words(random, 3), BLACK, font(random, whole.height / 20)
        )
    return Picture(whole, photo)


def meme(random: Random, photos: Photos) -> Picture:
    """Large outlined text at the top and the bottom."""
    photo = photos.crop(random, canvas_size(random))
    whole = photo.copy()
    draw = ImageDraw.Draw(whole)
    size = whole.width / float(random.uniform(8, 14))
    letters = font(random, size, "Sans-Bold")
    for y in (0.02, 0.85):
        text = words(random, 3).upper()
        x = max(0, (whole.width - letters.getlength(text)) / 2)
        draw.text((x, whole.height * y), text, WHITE, letters, stroke_width=max(1, round(size / 14)), stroke_fill=BLACK)
    return Picture(whole, photo)


def caption(random: Random, photos: Photos) -> Picture:
    """A panel of text beside, above or below a photograph, opaque or let through."""
    width, height = canvas_size(random)
    photo = photos.crop(random, (width, height))
    panel = round(height * float(random.uniform(0.12, 0.4)))
    paper = WHITE if random.random() < 0.6 else colour(random)
    ink = WHITE if sum(paper) < 380 else BLACK
    letters = font(random, panel / float(random.uniform(3, 6)))
    if random.random() < 0.3:
        shade = Image.new("RGB", (width, panel), paper)
        whole = photo.copy()
        top = int(random.choice([0, height - panel]))
        whole.paste(Image.blend(photo.crop((0, top, width, top + panel)), shade, 0.7), (0, top))
    else:
        whole = Image.new("RGB", (width, height + panel), paper)
        top = int(random.choice([0, height]))
        whole.paste(photo, (0, panel if top == 0 else 0))
    draw = ImageDraw.Draw(whole)
    for line in range(int(panel / letters.size / 1.3)):
        draw.text(
            (width // 30, top + line * letters.size * 1.3), words(random, int(random.integers(4, 12))), ink, letters
        )
    return Picture(whole, photo)


def date_stamp(random: Random, photos: Photos) -> Picture:
    """The date in a corner, orange or yellow, as compact cameras print it; sometimes a watermark across."""
    photo = photos.crop(random, canvas_size(random))
    whole = photo.copy()
    draw = ImageDraw.Draw(whole)
    letters = font(random, whole.height / float(random.uniform(14, 30)), "SansMono-Bold")
    text = stamp(random)
    ink = [(255, 140, 0), (255, 220, 40), (255, 40, 20), WHITE][int(random.integers(4))]
    x = float(random.choice([letters.size, max(0, whole.width - letters.getlength(text) - letters.size)]))
    draw.text((x, whole.height - letters.size * 1.8), text, ink, letters)
    if random.random() < 0.3:
        mark = font(random, whole.width / 9, "Sans-Bold")
        layer = whole.copy()
        ImageDraw.Draw(layer).text((whole.width / 8, whole.height * 0.45), word(random).upper() * 2, WHITE, mark)
        whole = Image.blend(whole, layer, 0.4)
    return Picture(whole, photo)


def redacted(random: Random, photos: Photos) -> Picture:
    """Black boxes, pixelated and blurred regions, arrows and circles."""
    photo = photos.crop(random, canvas_size(random))
    whole = photo.copy()
    draw = ImageDraw.Draw(whole)
    for _ in range(random.integers(1, 6)):
        wide, high = (round(side * float(random.uniform(0.08, 0.4))) + 8 for side in whole.size)
        left, top = int(random.integers(0, whole.width - wide)), int(random.integers(0, whole.height - high))
        box = (left, top, left + wide, top + high)
        part = whole.crop(box)
        match int(random.integers(4)):
            case 0:
                draw.rectangle(box, _bar_colour(random))
            case 1:
                coarse = part.resize((max(1, wide // 16), max(1, high // 16)), Image.Resampling.BOX)
                whole.paste(coarse.resize(part.size, Image.Resampling.NEAREST), (left, top))
            case 2:
                whole.paste(part.filter(ImageFilter.GaussianBlur(12)), (left, top))
            case _:
                draw.ellipse(box, outline=(255, 20, 20), width=max(2, whole.width // 150))
    return Picture(whole, photo)


def collage(random: Random, photos: Photos) -> Picture:
    """A grid of photographs with or without gaps."""
    width, height = canvas_size(random)
    columns, rows = int(random.integers(1, 5)), int(random.integers(1, 5))
    columns += columns * rows == 1
    gap = int(random.choice([0, 0, 2, 4, 8, 16]))
    whole = Image.new("RGB", (width, height), _bar_colour(random))
    across = np.linspace(gap, width, columns + 1).astype(int)
    down = np.linspace(gap, height, rows + 1).astype(int)
    before = None
    for top, bottom in itertools.pairwise(down):
        for left, right in itertools.pairwise(across):
            before = photos.crop(random, (max(4, int(right - left) - gap), max(4, int(bottom - top) - gap)))
            whole.paste(before, (int(left), int(top)))
    return Picture(whole, before)


def split_screen(random: Random, photos: Photos) -> Picture:
    """Two photographs, or one before and after a change, side by side or one above the other."""
    width, height = canvas_size(random)
    left, right = photos.crop(random, (width, height)), photos.crop(random, (width, height))
    if random.random() < 0.4:
        right = (
            Image.eval(left, lambda value: min(255, value * 2))
            if random.random() < 0.5
            else ImageOps.grayscale(left).convert("RGB")
        )
    whole = left.copy()
    cut = float(random.uniform(0.25, 0.75))
    if random.random() < 0.5:
        whole.paste(right.crop((round(width * cut), 0, width, height)), (round(width * cut), 0))
    else:
        whole.paste(right.crop((0, round(height * cut), width, height)), (0, round(height * cut)))
    return Picture(whole, left)


def stitched(random: Random, photos: Photos) -> Picture:
    """A panorama of several exposures with steps of brightness and a ragged black rim."""
    height = int(random.integers(200, 700))
    parts = [photos.crop(random, (int(random.integers(200, 500)), height)) for _ in range(random.integers(2, 5))]
    whole = Image.new("RGB", (sum(part.width for part in parts), height + 40))
    x = 0
    for part in parts:
        gain = float(random.uniform(0.7, 1.3))
        whole.paste(part.point(lambda value, gain=gain: int(min(255, value * gain))), (x, int(random.integers(0, 40))))
        x += part.width
    return Picture(whole)


def edited(random: Random, photos: Photos) -> Picture:
    """Cropped, turned, mirrored, posterised, inverted, or coloured after the thumbnail was made."""
    photo = photos.crop(random, canvas_size(random))
    match int(random.integers(6)):
        case 0:
            left, top = (int(side * float(random.uniform(0, 0.4))) for side in photo.size)
            whole = photo.crop((left, top, left + photo.width // 2, top + photo.height // 2))
        case 1:
            whole = photo.rotate(
                float(random.uniform(-15, 15)), Image.Resampling.BICUBIC, fillcolor=_bar_colour(random)
            )
        case 2:
            whole = ImageOps.posterize(photo, int(random.integers(1, 4)))
        case 3:
            whole = ImageOps.invert(photo)
        case 4:
            whole = ImageOps.colorize(ImageOps.grayscale(photo), colour(random, 0, 100), colour(random, 150))
        case _:
            whole = ImageOps.autocontrast(ImageOps.solarize(photo, 128), cutoff=5)
    return Picture(whole, photo)
