"""What Numba lacks and a vectorised polynomial needs: fused multiply-add, and the bits of a float.

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


fma: Any = intrinsic(_fma)
to_bits: Any = intrinsic(_to_bits)
from_bits: Any = intrinsic(_from_bits)
