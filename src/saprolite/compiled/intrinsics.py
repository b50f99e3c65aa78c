"""What Numba lacks and fast loops need: fused multiply-add, the bits of a float, prefetching.

The fused multiply-add is asked for by name and nothing else may be contracted or reordered, so that
a result has the same bits in any vector width, on any machine.
"""

from __future__ import annotations

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
prefetch: Any = intrinsic(_prefetch)
to_bits: Any = intrinsic(_to_bits)
from_bits: Any = intrinsic(_from_bits)
