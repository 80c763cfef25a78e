"""What stays in memory of every row while a file is validated: nothing that grows with the file."""

from __future__ import annotations

import tracemalloc
from array import array
from pathlib import Path

import numpy as np
import pytest

from nightshift_trainer.intake.accepted_rows import AcceptedRows
from nightshift_trainer.intake.cache_writer import CacheWriter, read_examples
from nightshift_trainer.intake.options import IntakeOptions

OPTIONS = IntakeOptions(
    max_length=64, over_length="refuse", thinking="off", slice_rows=0, core_rows=0, seed=1,
    batch_size=1, epochs=1, save_steps=1, mapping=None, accept_valid_rows=False,
    dry_run=False,
)  # fmt: skip


def test_the_numbers_of_the_rows_do_not_stay_in_memory(tmp_path: Path) -> None:
    writer = CacheWriter(tmp_path / "cache")
    accepted = AcceptedRows(OPTIONS, writer)
    ids, labels = np.arange(4, dtype=np.int32), np.array([0, 0, 1, 1], dtype=np.uint8)
    sizes: list[int] = []
    tracemalloc.start()
    for row in range(150_000):
        accepted.rows.append(row)
        accepted.question_keys.append(row)
        accepted.row_hashes.append(row)
        accepted._add_tokens(row, [(ids, labels)])  # pyright: ignore[reportPrivateUsage]
        if row in (70_000, 149_999):
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    # 80,000 rows of 88 bytes would be 7 MB; the buffers hold at most 1.6 MB.
    assert sizes[1] - sizes[0] < 2_000_000
    kinds = np.arange(150_000) % 4
    writer.set_kinds(np.asarray(accepted.rows), kinds)
    writer.finish(None, [], {})
    table = read_examples(writer.folder)
    assert table[:, 2].tolist() == list(range(150_000)) and (table[:, 5] == kinds).all()


@pytest.mark.parametrize("count", [0, 5, 70_000])
def test_numbers_on_disk_read_as_a_list_does(tmp_path: Path, count: int) -> None:
    from nightshift_trainer.intake.disk_numbers import DiskNumbers

    numbers, expected = DiskNumbers("Q", tmp_path), array("Q")
    for number in range(count):
        numbers.append(number * 3)
        expected.append(number * 3)
    assert len(numbers) == count and list(numbers[:]) == list(expected)
    assert np.asarray(numbers, dtype=np.uint64).tolist() == list(expected)
    for start, stop in ((0, 10), (32_760, 32_780), (65_000, 70_000), (count - 3, count)):
        assert list(numbers[start:stop]) == list(expected[start:stop])
    if count:
        assert (numbers[0], numbers[-1]) == (expected[0], expected[-1])
    with pytest.raises(IndexError):
        numbers[count]
    assert list(tmp_path.iterdir()) == []
