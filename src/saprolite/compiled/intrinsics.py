"""What Numba lacks and fast loops need: fused multiply-add, the bits of a float, prefetching.

The fused multiply-add is asked for by name and nothing else may be contracted or reordered, so that
a result has the same bits in any vector width, on any machine.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_BITS: dict[Any, Any] = {types.float64: types.int64, types.float32: types.int32}
_FLOATS: dict[Any, Any] = {types.int64: types.float64, types.int32: types.float32}


def _fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:  # noqa: ARG001
    """a * b + c, rounded once."""
    signature = a(a, a, a)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module,
            ir.FunctionType(kind, [kind, kind, kind]),
            f"llvm.fma.f{signature.return_type.bitwidth}",
        )
        return builder.call(function, arguments)

    return signature, codegen


def _extreme(name: str) -> Any:
    """The smaller or the larger of two floats, NaN if either is; of two zeros, any.

    As a choice by comparison, the compiler would take three or four steps for it.
    """

    def extreme(typingctx: Any, a: Any, b: Any) -> Any:  # noqa: ARG001
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = context.get_value_type(signature.return_type)
            function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
                builder.module,
                ir.FunctionType(kind, [kind, kind]),
                f"llvm.{name}.f{signature.return_type.bitwidth}",
            )
            return builder.call(function, arguments, fastmath=("nsz",))

        return a(a, a), codegen

    extreme.__name__ = extreme.__qualname__ = name
    return intrinsic(extreme)


def _to_bits(typingctx: Any, value: Any) -> Any:  # noqa: ARG001
    """The bits of a float as an integer of the same width."""
    signature = _BITS[value](value)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

    return signature, codegen


def _from_bits(typingctx: Any, bits: Any) -> Any:  # noqa: ARG001
    """The float that has these bits."""
    signature = _FLOATS[bits](bits)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

    return signature, codegen


def _prefetch(typingctx: Any, array: Any, index: Any) -> Any:  # noqa: ARG001
    """Ask for the line of memory of an element, which need not be one of the array."""
    signature = types.void(array, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(view.data, [arguments[1]])
        word, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module,
            ir.FunctionType(ir.VoidType(), [byte, word, word, word]),
            "llvm.prefetch.p0",
        )
        read, second_level, data = (word(number) for number in (0, 2, 1))
        builder.call(function, [builder.bitcast(place, byte), read, second_level, data])
        return context.get_dummy_value()

    return signature, codegen


fma: Any = intrinsic(_fma)
smaller: Any = _extreme("minimum")
larger: Any = _extreme("maximum")
prefetch: Any = intrinsic(_prefetch)
to_bits: Any = intrinsic(_to_bits)
from_bits: Any = intrinsic(_from_bits)


def row_products(lanes: int) -> tuple[Any, Any]:
    """Two sums over rows of ``lanes`` numbers, kept in registers from the first row to the last.

    ``add_rows(out, at, a, a_rows, b, first, last)``: out[at + lane] += a[a_rows[i] + lane] *
    b[i * lanes + lane], and ``add_scaled(out, at, a, a_rows, c, first, last)``: out[at + lane] +=
    a[a_rows[i] + lane] * c[i], for i from ``first`` to before ``last``, each product added with one
    rounding. Arrays are contiguous, offsets uint64; nothing is checked. Written as a loop, the
    compiler would have to ask before every row whether the arrays overlap.
    """
    width = math.gcd(lanes, 32)

    def sums(of_rows: bool) -> Any:
        def add(
            typingctx: Any, out: Any, at: Any, a: Any, a_rows: Any, b: Any, first: Any, last: Any,  # noqa: ARG001
        ) -> Any:  # fmt: skip
            def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
                kind = context.get_value_type(out.dtype)
                vector = ir.VectorType(kind, width)
                alignment = out.dtype.bitwidth // 8
                fused = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
                    builder.module,
                    ir.FunctionType(vector, [vector] * 3),
                    f"llvm.fma.v{width}f{out.dtype.bitwidth}",
                )
                data = [
                    context.make_array(kinds)(context, builder, arguments[n]).data
                    for n, kinds in ((0, out), (2, a), (3, a_rows), (4, b))
                ]
                target, left, offsets, right = data
                place, start, stop = arguments[1], arguments[5], arguments[6]
                whole = start.type
                undefined = ir.Constant(ir.VectorType(kind, width), ir.Undefined)
                zeros = ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)

                def pointer(base: Any, index: Any, lane: int) -> Any:
                    at_lane = builder.add(index, ir.Constant(index.type, lane))
                    return builder.bitcast(builder.gep(base, [at_lane]), vector.as_pointer())

                for lane in range(0, lanes, width):
                    to = pointer(target, place, lane)
                    total = cgutils.alloca_once(builder, vector)  # type: ignore[no-untyped-call]
                    builder.store(builder.load(to, align=alignment), total)
                    with cgutils.for_range_slice(
                        builder, start, stop, ir.Constant(whole, 1), intp=whole
                    ) as (index, _):
                        row = builder.load(builder.gep(offsets, [index]))
                        one = builder.load(pointer(left, row, lane), align=alignment)
                        if of_rows:
                            own = builder.mul(index, ir.Constant(whole, lanes))
                            other = builder.load(pointer(right, own, lane), align=alignment)
                        else:
                            scalar = builder.load(builder.gep(right, [index]))
                            first_lane = builder.insert_element(
                                undefined, scalar, ir.Constant(ir.IntType(32), 0)
                            )
                            other = builder.shuffle_vector(first_lane, undefined, zeros)
                        builder.store(builder.call(fused, [one, other, builder.load(total)]), total)
                    builder.store(builder.load(total), to, align=alignment)
                return context.get_dummy_value()

            return types.void(out, at, a, a_rows, b, first, last), codegen

        add.__name__ = add.__qualname__ = f"add_{'rows' if of_rows else 'scaled'}_{lanes}"
        return intrinsic(add)

    return sums(True), sums(False)
