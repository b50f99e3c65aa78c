"""One block after another, on the threads of one machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass

from saprolite.engine.failures import described
from saprolite.engine.kernels import Block, Kernel
from saprolite.engine.ledger import DONE, FAILED, Entry
from saprolite.engine.store import FluxStore
from saprolite.errors import StoreError
from saprolite.inputs import Prepared
from saprolite.threads import pool_of


@dataclass(frozen=True)
class BlockWork:
    """What there is to do for a block, on any thread of any machine: compute it, write it."""

    kernel: Kernel
    store: FluxStore
    prepared: Prepared
    check_folder: Callable[[], None]  # raises if the folder is no longer that of the run

    def __call__(self, block: Block) -> Entry:
        """The ledger line of a block; an error of its computation is part of the line.

        Raises ``StoreError`` where the result cannot be written: so would be those of all blocks.
        """
        began = time.monotonic()
        try:
            result = self.kernel.block(block)
        except StoreError:
            raise
        except Exception as error:  # one block may fail for any reason; the others go on
            text = described(self.kernel, self.prepared, block, error)
            return self._line(block, FAILED, began, {}, "", text)
        self.check_folder()
        checksum = self.store.write_block(block, result)
        return self._line(block, DONE, began, dict(result.counts), checksum, "")

    def _line(
        self,
        block: Block,
        status: str,
        began: float,
        counts: dict[str, int],
        checksum: str,
        error: str,
    ) -> Entry:
        return Entry(
            block=block.number,
            year=block.year,
            band=block.number % self.store.bands,
            status=status,
            seconds=time.monotonic() - began,
            counts=counts,
            checksum=checksum,
            error=error,
        )


def on_threads(work: BlockWork, blocks: Sequence[Block], workers: int) -> Iterator[Entry]:
    """The ledger lines of blocks, in the order in which threads finish them."""
    with pool_of(workers) as pool:
        for future in as_completed([pool.submit(work, block) for block in blocks]):
            yield future.result()
