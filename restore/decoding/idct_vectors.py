"""The inverse DCT of one block as vector code, bit for bit as libjpeg's accurate integer method computes it.

The arithmetic is that of C. Loeffler, A. Ligtenberg and G. Moschytz, "Practical fast 1-D DCT algorithms with 11
multiplications", ICASSP 1989, in 13-bit fixed point with two extra bits between the passes, which fixes every rounding.
Eight columns, then eight rows go through it at a time. It is written as LLVM vectors of eight lanes, which every
processor's code generator maps to what it has, because no loop vectoriser transposes a block in registers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.core.imputils import impl_ret_untracked
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

_LANES: Final = 8
_I8: Final = ir.VectorType(ir.IntType(8), _LANES)
_I16: Final = ir.VectorType(ir.IntType(16), _LANES)
_I32: Final = ir.VectorType(ir.IntType(32), _LANES)

_TRANSPOSE: Final = (
    ((0, 8, 1, 9, 4, 12, 5, 13), (2, 10, 3, 11, 6, 14, 7, 15), ((0, 1), (2, 3), (4, 5), (6, 7))),
    ((0, 1, 8, 9, 4, 5, 12, 13), (2, 3, 10, 11, 6, 7, 14, 15), ((0, 2), (1, 3), (4, 6), (5, 7))),
    ((0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7, 12, 13, 14, 15), ((0, 4), (1, 5), (2, 6), (3, 7))),
)
"""Three rounds of interleaving: the two lane orders, and the pairs of vectors that go together."""


def _splat(value: int) -> ir.Constant:
    return ir.Constant(_I32, [value] * _LANES)


def _shuffle(builder: ir.IRBuilder, left: Any, right: Any, order: Sequence[int]) -> Any:
    return builder.shuffle_vector(left, right, ir.Constant(ir.VectorType(ir.IntType(32), _LANES), list(order)))


def _transpose(builder: ir.IRBuilder, rows: list[Any]) -> list[Any]:
    for low, high, pairs in _TRANSPOSE:
        rows = [_shuffle(builder, rows[a], rows[b], order) for a, b in pairs for order in (low, high)]
    return rows[0::2] + rows[1::2]


def _butterfly(builder: ir.IRBuilder, s: list[Any], half: int, shift: int) -> list[Any]:
    """Eight-point inverse DCT over the vectors `s`, rounded by `half` and shifted right by `shift` bits."""

    def scaled(vector: Any, constant: int) -> Any:
        return builder.mul(vector, _splat(constant))

    add, subtract = builder.add, builder.sub
    z1 = scaled(add(s[2], s[6]), 4433)
    even2 = add(z1, scaled(s[6], -15137))
    even3 = add(z1, scaled(s[2], 6270))
    even0 = builder.shl(add(s[0], s[4]), _splat(13))
    even1 = builder.shl(subtract(s[0], s[4]), _splat(13))
    even0, even1 = add(even0, _splat(half)), add(even1, _splat(half))
    t10, t13 = add(even0, even3), subtract(even0, even3)
    t11, t12 = add(even1, even2), subtract(even1, even2)
    z1, z2 = add(s[7], s[1]), add(s[5], s[3])
    z3, z4 = add(s[7], s[3]), add(s[5], s[1])
    z5 = scaled(add(z3, z4), 9633)
    z1, z2 = scaled(z1, -7373), scaled(z2, -20995)
    z3, z4 = add(scaled(z3, -16069), z5), add(scaled(z4, -3196), z5)
    o0 = add(scaled(s[7], 2446), add(z1, z3))
    o1 = add(scaled(s[5], 16819), add(z2, z4))
    o2 = add(scaled(s[3], 25172), add(z2, z3))
    o3 = add(scaled(s[1], 12299), add(z1, z4))
    pairs = ((t10, o3), (t11, o2), (t12, o1), (t13, o0))
    sums = [add(even, odd) for even, odd in pairs] + [subtract(even, odd) for even, odd in reversed(pairs)]
    return [builder.ashr(vector, _splat(shift)) for vector in sums]


def _samples(builder: ir.IRBuilder, vector: Any) -> Any:
    """Level shift and clip to 8 bits."""
    zero, top = _splat(0), _splat(255)
    shifted = builder.add(vector, _splat(128))
    floored = builder.select(builder.icmp_signed("<", shifted, zero), zero, shifted)
    clipped = builder.select(builder.icmp_signed(">", floored, top), top, floored)
    return builder.trunc(clipped, _I8)


@intrinsic
def inverse_dct_block(
    _typing_context: Any, coefficients: Any, base: Any, quant: Any, plane: Any, offset: Any, stride: Any
) -> Any:
    """Write the samples of one block.

    Args:
        coefficients: int16, flat; the block's 64 begin at index `base` (uint64).
        quant: int32 (64,).
        plane: uint8, flat; the block's first sample has index `offset`, its rows lie `stride` apart (both uint64).
    """
    signature = types.void(coefficients, base, quant, plane, offset, stride)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        coefficients, base, quant, plane, offset, stride = arguments

        def data(position: int, array: Any) -> Any:
            return make_array(signature.args[position])(context, builder, array).data

        def vector(pointer: Any, index: Any, kind: ir.VectorType, align: int) -> Any:
            place = builder.bitcast(builder.gep(pointer, [index]), kind.as_pointer())
            return builder.load(place, align=align, typ=kind)

        word = base.type
        coefficient_data, quant_data, plane_data = data(0, coefficients), data(2, quant), data(3, plane)
        rows = []
        for row in range(8):
            start = ir.Constant(word, 8 * row)
            levels = vector(coefficient_data, builder.add(base, start), _I16, 2)
            steps = vector(quant_data, start, _I32, 4)
            rows.append(builder.mul(builder.sext(levels, _I32), steps))
        columns = _transpose(builder, _butterfly(builder, rows, 1 << 10, 11))
        picture = _transpose(builder, _butterfly(builder, columns, 1 << 17, 18))
        place = offset
        for line in picture:
            pointer = builder.bitcast(builder.gep(plane_data, [place]), _I8.as_pointer())
            builder.store(_samples(builder, line), pointer, align=1)
            place = builder.add(place, stride)
        return impl_ret_untracked(context, builder, signature.return_type, context.get_dummy_value())

    return signature, generate
