"""Self-compensation and alignment (SCA): jumps of colour and position that damage leaves in a decoded picture, found
and undone.

W. Liu, Y. Wang, K.-H. Yap and L.-P. Chau, "Bitstream-Corrupted JPEG Images are Restorable: Two-stage Compensation and
Alignment Framework for Image Restoration", CVPR 2023 (arXiv 2304.06976), section 3.2. `formulas` has its formulas,
`published` the stage as it was published, `self_compensation` the stage as it is used here.

As published, segments are found on whole rows, each segment's mean is taken from it, and the picture is stretched to
[0, 255]: that changes undamaged pictures, and every colour. The stage as used keeps the paper's means and reads them
more finely:

- the distance across a seam is judged against the distances beside it, as CED judges it, but for each MCU instead of
  each row;
- segments begin at an MCU, and are found where another state removes distance, however long they are;
- colour is compensated by the offset that minimises the distance to the undamaged part, instead of by the mean;
- alignment minimises the same distance, jointly with colour, once per segment instead of once per row;
- there is no stretching and no clipping, so that what is undamaged stays as it is.
"""

from __future__ import annotations

from restore.sca.correction import Correction, align, compensate
from restore.sca.segments import find_segments
from restore.sca.self_compensation import self_compensate

__all__ = ["Correction", "align", "compensate", "find_segments", "self_compensate"]
