"""What is seen on screens: chats, web pages, photo applications, terminals, slides."""

from __future__ import annotations

from PIL import Image, ImageDraw

from tests.undamaged.photos import Photos
from tests.undamaged.picture import (
    BLACK,
    WHITE,
    Colour,
    Picture,
    Random,
    blank,
    canvas_size,
    colour,
    font,
    paragraph,
    stamp,
    word,
    words,
)


def _phone(random: Random) -> tuple[int, int]:
    width = int(random.choice([320, 360, 414, 540, 720, 1080], p=[0.2, 0.25, 0.2, 0.2, 0.1, 0.05]))
    return width, round(width * float(random.choice([1.6, 1.78, 2.0, 2.16])))


def _theme(random: Random) -> tuple[Colour, Colour]:
    """Paper and ink, light or dark."""
    return (WHITE, BLACK) if random.random() < 0.6 else (colour(random, 0, 50), colour(random, 200))


def _status_bar(random: Random, draw: ImageDraw.ImageDraw, width: int, ink: Colour) -> int:
    high = round(width / 16)
    letters = font(random, high * 0.6, "Sans")
    draw.text((high // 2, high // 6), stamp(random)[-8:-3], ink, letters)
    for step in range(4):
        x = width - high * (5 - step)
        draw.rectangle((x, high * (0.8 - 0.15 * step), x + high // 2, high * 0.8), ink)
    return high


def chat(random: Random, photos: Photos) -> Picture:
    """Bubbles left and right with text and pictures."""
    width, height = _phone(random)
    paper, ink = _theme(random)
    image, draw = blank((width, height), paper)
    top = _status_bar(random, draw, width, ink)
    head = round(width / 7)
    draw.rectangle((0, top, width, top + head), colour(random, 20, 160))
    draw.ellipse((head // 4, top + head // 6, head, top + head * 5 // 6), colour(random))
    draw.text((head * 1.3, top + head // 4), words(random, 2), WHITE, font(random, head / 2.4, "Sans-Bold"))
    y = top + head + width // 20
    mine, theirs = colour(random, 120), colour(random, 40, 240)
    letters = font(random, width / float(random.uniform(18, 30)), "Sans")
    while y < height - width // 6:
        own = random.random() < 0.5
        wide = round(width * float(random.uniform(0.3, 0.75)))
        left = width - wide - width // 24 if own else width // 24
        if random.random() < 0.2:
            photo = photos.crop(random, (wide, round(wide * 0.75)))
            image.paste(photo, (left, y))
            y += photo.height + width // 30
            continue
        lines = int(random.integers(1, 5))
        high = round(letters.size * 1.35 * lines + width / 20)
        draw.rounded_rectangle((left, y, left + wide, y + high), width // 30, mine if own else theirs)
        for line in range(lines):
            text = words(random, 12)
            while letters.getlength(text) > wide - width / 12:
                text = text[: len(text) * 3 // 4]
            draw.text((left + width // 30, y + width // 50 + line * letters.size * 1.35), text, BLACK, letters)
        y += high + width // 30
    draw.rectangle((0, height - width // 7, width, height), colour(random, 180))
    draw.rounded_rectangle((width // 10, height - width // 8, width * 4 // 5, height - width // 40), width // 20, WHITE)
    return Picture(image)


def web_page(random: Random, photos: Photos) -> Picture:
    """A browser's window: tabs, a heading, columns, pictures, tables, buttons."""
    width, height = canvas_size(random, float(random.uniform(0.3, 1.2)))
    paper, ink = _theme(random)
    image, draw = blank((width, height), paper)
    bar = max(20, height // 18)
    draw.rectangle((0, 0, width, bar), colour(random, 190))
    draw.rounded_rectangle((width // 6, bar // 5, width * 5 // 6, bar * 4 // 5), bar // 4, WHITE)
    draw.text(
        (width // 5, bar // 4), f"https://{word(random)}.example/{word(random)}", BLACK, font(random, bar / 2.5, "Sans")
    )
    margin = width // 20
    size = max(8, height / 45)
    draw.text((margin, bar * 1.5), words(random, 5).title(), ink, font(random, size * 2.2, "Sans-Bold"))
    y = round(bar * 1.5 + size * 4)
    columns = int(random.integers(1, 4))
    wide = (width - margin * 2) // columns
    for column in range(columns):
        place, left = y, margin + column * wide
        while place < height - 30:
            high = min(height - place - 10, round(height * float(random.uniform(0.1, 0.35))))
            match int(random.integers(4)):
                case 0 if high > 20 and wide > 40:
                    image.paste(photos.crop(random, (wide - 20, high)), (left, place))
                case 1:
                    draw.rounded_rectangle(
                        (left, place, left + wide // 3, place + 1.8 * size), 4, colour(random, 0, 200)
                    )
                    draw.text((left + 6, place + 2), word(random), WHITE, font(random, size, "Sans"))
                    high = round(2.5 * size)
                case 2:
                    for row in range(0, max(1, high), max(6, round(size * 1.8))):
                        draw.rectangle(
                            (left, place + row, left + wide - 20, place + row + size * 1.8), outline=(180, 180, 180)
                        )
                        draw.text(
                            (left + 4, place + row + 2), words(random, 2)[: wide // 14], ink, font(random, size, "Sans")
                        )
                case _:
                    paragraph(random, draw, (left, place, left + wide - 20, place + high), size, ink, "Sans")
            place += high + round(size)
    return Picture(image)


def application(random: Random, photos: Photos) -> Picture:
    """A photograph shown by an application, with its bars, buttons and comments."""
    width, height = _phone(random)
    paper, ink = _theme(random)
    image, draw = blank((width, height), paper)
    top = _status_bar(random, draw, width, ink)
    photo = photos.crop(random, (width, round(width * float(random.choice([0.75, 1.0, 1.25])))))
    y = top + width // 8
    image.paste(photo, (0, y))
    draw.text((width // 8, top + width // 30), word(random), ink, font(random, width / 24, "Sans-Bold"))
    y += photo.height + width // 30
    for step in range(4):
        x = width // 24 + step * width // 9
        draw.ellipse((x, y, x + width // 14, y + width // 14), outline=ink, width=max(1, width // 150))
    y += width // 8
    paragraph(random, draw, (width // 24, y, width - width // 24, height - width // 6), width / 28, ink, "Sans")
    draw.rectangle(
        (0, height - width // 8, width, height), colour(random, 0, 60) if paper != WHITE else (245, 245, 245)
    )
    return Picture(image, photo)


def gallery(random: Random, photos: Photos) -> Picture:
    """Many small square photographs under a bar."""
    width, height = _phone(random)
    paper, ink = _theme(random)
    image, draw = blank((width, height), paper)
    y = _status_bar(random, draw, width, ink) + width // 10
    columns, gap = int(random.integers(2, 6)), int(random.integers(1, 5))
    side = width // columns
    some = [photos.crop(random, (side - gap, side - gap)) for _ in range(8)]
    while y < height:
        for column in range(columns):
            image.paste(some[random.integers(8)], (column * side, y))
        y += side
    return Picture(image)


def terminal(random: Random, photos: Photos) -> Picture:
    """Lines of monospaced text in a few colours on a dark or a light ground."""
    del photos
    width, height = canvas_size(random)
    paper, ink = _theme(random)
    image, draw = blank((width, height), paper)
    size = max(9, height / float(random.uniform(20, 50)))
    letters = font(random, size, "SansMono")
    inks = [ink, *(colour(random, 60) for _ in range(3))]
    for line in range(int(height / size / 1.3)):
        x = size * int(random.integers(0, 8))
        for text in words(random, int(random.integers(0, 9))).split():
            draw.text((x, line * size * 1.3), text, inks[int(random.integers(4))], letters)
            x += letters.getlength(text + " ")
    return Picture(image)


def slide(random: Random, photos: Photos) -> Picture:
    """A slide with a title, points, a picture and a bar chart."""
    width, height = canvas_size(random)
    width, height = max(width, height), min(width, height)
    ground = colour(random, 0, 90) if random.random() < 0.4 else colour(random, 215)
    image, draw = blank((width, height), ground)
    ink = WHITE if sum(ground) < 380 else BLACK
    draw.rectangle((0, 0, width, height // 6), colour(random))
    draw.text((width // 20, height // 30), words(random, 4).title(), ink, font(random, height / 12, "Sans-Bold"))
    for point in range(random.integers(2, 6)):
        y = height // 4 + point * height // 8
        draw.ellipse((width // 20, y, width // 20 + height // 40, y + height // 40), ink)
        draw.text((width // 12, y - height // 60), words(random, 4), ink, font(random, height / 22, "Sans"))
    if random.random() < 0.5:
        image.paste(photos.crop(random, (width // 3, height // 2)), (width * 3 // 5, height // 4))
    else:
        for bar in range(6):
            x = width * 3 // 5 + bar * width // 18
            draw.rectangle(
                (x, height * float(random.uniform(0.3, 0.8)), x + width // 25, height * 0.85), colour(random)
            )
    return Picture(Image.blend(image, Image.new("RGB", image.size, WHITE), 0.05))
