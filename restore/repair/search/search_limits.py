"""How far a search for flips looks, and what it takes for a sign of damage; what it then believes is in `standards`.

All of these were chosen together, on camera photos with flips drawn at 1e-6 to 1e-4; one with a measurement of its own
says so. What is changed is tried again on 16 photos with
`carve-restore evaluate photos --methods full --thumbnails own --seeds 61 --ber 1e-5 --limit 16 -o out`, which must lose
no reversed flip and gain no wrong one (`table.md`, "reversed bits by margin"); with `--ber 0` every file must stay
`intact`.
"""

from __future__ import annotations

from typing import Final

# Signs of damage along the path

DROP: Final = 20.0
"""Fall in nats below the highest score that counts as a sign of damage."""

ALARM: Final = 1.0
"""Spreads below the expected score at which one MCU is looked into."""

ALARMS_PER_FLIP: Final = 15
LOWEST_ALARM: Final = 2.5
"""Alarms per flip found, and what an MCU must lack to raise one, in spreads of what sound ones lack."""

KEEN_SHARE: Final = 0.03
"""Largest share of MCUs that may raise an alarm in a file that is known to be damaged, with score tables that damage no
longer blurs."""

KEENEST: Final = 1.0
"""Spreads that an MCU must lack to be looked into at a place that is suspicious anyway."""

SPARSE_ROWS: Final = 8
"""Of so many rows of MCUs two are enough to learn what is expected of a scan that decodes without a flaw."""

# Where a flip may lie that explains a sign of damage

BACKTRACK: Final = 24
"""MCUs before a sign of damage from which hypotheses start, unless an earlier sign was passed over since."""

LOOK_BACK: Final = 6
"""MCUs before the highest score in which the flip may still lie."""

REGION_MCUS: Final = 16
MAX_TAKEN: Final = 3
"""How often flips are taken in one region; where that does not mend it, no more are tried there."""

# How far hypotheses are followed

AT_ONCE_MCUS: Final = 2
SOON_MCUS: Final = 8
"""MCUs behind a sign of damage at which hypotheses are first compared: where one MCU raised an alarm, and else."""

FOLLOWED: Final = ((64, 16, 40.0), (12, 48, 50.0), (4, 160, 70.0))
"""How many hypotheses are followed, how many MCUs behind the sign of damage, and to which drop. Near rounds decide
first: far off, a wrong flip can win by making up for other damage."""

FURTHEST_DROP: Final = FOLLOWED[-1][2]

CLEAR: Final = 40.0
"""Nats of lead at which the best hypothesis need not be followed further."""

# What a hypothesis must earn besides what its standards ask

UNSETTLED_MARGIN: Final = 60.0
"""Nats by which a flip must beat its best rival where the path does not go on cleanly behind it."""

IN_STEP: Final = 60.0
"""Nats a flip must gain to be taken without being claimed."""

SHARE_AT_ONCE: Final = 0.5
"""Share of what an alarmed MCU lacks that a flip must win back there and then."""

LATE_SHARE_AT_ONCE: Final = 0.4
"""Share of what a flip must else earn within the next MCUs that it must earn there in the last round: little damage is
left further on that a wrong one could mend."""

END_COST: Final = 80.0
"""Nats a flip must earn that only mends the end of a scan: cameras leave bits there that no flip explains."""

DOUBT: Final = 4.3
"""Spreads that an MCU may lack behind a reversed flip, beyond what its neighbours lack: right ones left up to 3.8,
wrong ones 4.8 and more."""

MUCH: Final = 100.0
LONG_MCUS: Final = 96
"""Nats that a flip need not prove to be lasting, and the MCUs over which others must."""

# Two flips at once

PAIR_MARGIN: Final = 30.0
"""Nats by which two flips must beat the best other two, and one that they are to replace."""

PAIR_WORK: Final = 1_500_000
"""Decoded MCUs that pairs may cost in each round of a file's repair."""

PAIR_BACK: Final = 2
PAIR_REACH: Final = 32
"""MCUs before the highest score, and bytes before these, in which two flips are looked for."""

PAIR_AT_ONCE: Final = 2
PAIR_AT_ONCE_DROP: Final = 20.0
PAIR_FAR: Final = 160
PAIR_FAR_DROP: Final = 70.0
"""MCUs behind a place to which all pairs are followed, and then the best, and the falls in nats that end that."""

PAIRS_PER_UNIT: Final = 8
PAIRS_FOLLOWED: Final = 24
"""How many pairs are the best, of each unit and of all."""

# What may be claimed

UNRESOLVED_BYTES: Final = 512
"""How near to damage that stayed unexplained no flip is believed: it may make up for what was not found."""

CROWD_BYTES: Final = 64
CROWD: Final = 2
"""Most flips within `CROWD_BYTES` of one another that are believed."""

PAIRS_BY_CHANCE: Final = 0.05
"""Pairs of flips within `CROWD_BYTES` to be expected of as many flips, below which one is no chance."""

# Rounds

ENOUGH: Final = 0.6
"""Share of MCUs that must have been placed to learn score tables from them, rather than from what was decoded."""

INSPECTED_PER_FLIP: Final = 4
"""Places looked into, for each flip reversed, once all that shows is: about one flip in five shows nothing."""

FEWEST_INSPECTED: Final = 96
