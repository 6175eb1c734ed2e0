"""The page that credits the photos in the samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sample_images.photos import Photo

_HEAD = """\
# Credits

The photos in the samples are the camera files of these repositories at these commits, unaltered but for the bits
flipped on purpose (the `*.truth.json` files list them). `sample_images/build_demo.py` writes this page.
"""

_MIT_NOTICE = """\

## Notice for the photo from TNThieding/exif (MIT)

Copyright 2020 Tyler N. Thieding

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def credits_page(samples: Mapping[str, Sequence[Photo]]) -> str:
    """Markdown with one table per sample: photo, camera, repository and commit, licence as stated there."""
    parts = [_HEAD]
    for sample, photos in samples.items():
        parts.append(f"\n## {sample}\n\n| photo | camera | source | licence |\n|---|---|---|---|\n")
        for photo in photos:
            origin = photo.origin
            camera = origin.description.split(";")[0]
            source = f"[{origin.repository}](https://github.com/{origin.repository}) at `{origin.commit}`"
            parts.append(f"| `{photo.name}` | {camera} | {source} | {origin.licence} |\n")
    return "".join([*parts, _MIT_NOTICE])
