"""Rows of tables as such: compared, copied and put back, whatever their columns mean.

An arena is given as three arrays: the extents of its columns (first byte, bytes of a row), its memory as
words, and the same memory as bytes. A column whose rows are whole words is handled as words, any other as
bytes. Two arenas given together have the same columns; their capacities may differ. Loops run over slices,
whose indices cannot be negative: only then are they vectorised.
"""

from __future__ import annotations

from typing import Final

from physics_fixed.cells import copy_cells
from physics_fixed.fixmath.scalar import minimum
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import Bytes, Words

Parts = tuple[Words, Words, Bytes]
"""An arena, see :attr:`physics_fixed.arenas.Arena.parts`."""

PARTS: Final = "Tuple((int64[:,::1],int64[::1],uint8[::1]))"

_BLOCK = 256  # words that are compared before anybody looks which of them differ


@inline_kernel("int64(int64,int64,uint8[::1],int64[::1])")
def note_row(row: int, found_count: int, mark: Bytes, found: Words) -> int:
    """Add a row to those found, unless it is among them; how many there are."""
    if mark[row] != 0:
        return found_count
    mark[row] = 1
    found[found_count] = row
    return found_count + 1


@device_kernel("int64(uint8[::1],uint8[::1],int64,int64,uint8[::1],int64[::1],int64)")
def note_bytes(
    cells_a: Bytes, cells_b: Bytes, begin: int, row_size: int, mark: Bytes, found: Words, found_count: int
) -> int:
    """Note the rows of one column in which bytes differ; ``begin`` is the place of the first byte in it."""
    row = begin // row_size
    row_end = (row + 1) * row_size - begin
    for byte in range(len(cells_a)):
        if byte == row_end:
            row += 1
            row_end += row_size
        if cells_a[byte] != cells_b[byte]:
            found_count = note_row(row, found_count, mark, found)
    return found_count


@device_kernel("int64(int64[::1],int64[::1],int64,int64,uint8[::1],int64[::1],int64)")
def note_words(
    cells_a: Words, cells_b: Words, begin: int, row_words: int, mark: Bytes, found: Words, found_count: int
) -> int:
    """Note the rows of one column in which words differ; ``begin`` is the place of the first word in it."""
    row = begin // row_words
    row_end = (row + 1) * row_words - begin
    for word in range(len(cells_a)):
        if word == row_end:
            row += 1
            row_end += row_words
        if cells_a[word] != cells_b[word]:
            found_count = note_row(row, found_count, mark, found)
    return found_count


@inline_kernel("int64(int64[::1],int64[::1])")
def difference_of(cells_a: Words, cells_b: Words) -> int:
    """0 if all words are equal."""
    difference = 0
    for word in range(len(cells_a)):
        difference |= cells_a[word] ^ cells_b[word]
    return difference


@inline_kernel("int64(int64[::1])")
def difference_from_zero(cells: Words) -> int:
    """0 if all words are."""
    difference = 0
    for word in range(len(cells)):
        difference |= cells[word]
    return difference


@kernel(
    "int64(int64,int64[:,::1],int64[::1],uint8[::1],int64[:,::1],int64[::1],uint8[::1],int64,int64,uint8[::1],int64[::1])"
)
def find_different_rows(
    count: int,
    extents_a: Words,
    words_a: Words,
    block_a: Bytes,
    extents_b: Words,
    words_b: Words,
    block_b: Bytes,
    limit: int,
    found_count: int,
    mark: Bytes,
    found: Words,
) -> int:
    """Find the rows, among the first ``count``, that differ in any column.

    Parameters
    ----------
    limit : int
        Soon after more than so many are found, the search ends.
    found_count : int
        Rows that were found before; if there are none, ``mark`` is cleared first.
    mark : (n,), written
        1 for rows found, 0 for all others below ``count``.
    found : (n,), written
        The rows found, in no order.

    Returns
    -------
    int
        How many rows were found, with those before.
    """
    if found_count == 0:
        for row in range(count):
            mark[row] = 0
    for column in range(extents_a.shape[0]):
        row_size = extents_a[column, 1]
        first_a = extents_a[column, 0]
        first_b = extents_b[column, 0]
        size = count * row_size
        column_a = words_a[first_a >> 3 : (first_a + size) >> 3]
        column_b = words_b[first_b >> 3 : (first_b + size) >> 3]
        for begin in range(0, size >> 3, _BLOCK):
            end = minimum(begin + _BLOCK, size >> 3)
            if difference_of(column_a[begin:end], column_b[begin:end]) == 0:
                continue
            if row_size & 7 == 0:
                found_count = note_words(
                    column_a[begin:end], column_b[begin:end], begin, row_size >> 3, mark, found, found_count
                )
            else:
                found_count = note_bytes(
                    block_a[first_a + (begin << 3) : first_a + (end << 3)],
                    block_b[first_b + (begin << 3) : first_b + (end << 3)],
                    begin << 3, row_size, mark, found, found_count,
                )  # fmt: skip
            if found_count > limit:
                return found_count
        whole = size & ~7
        found_count = note_bytes(
            block_a[first_a + whole : first_a + size], block_b[first_b + whole : first_b + size], whole,
            row_size, mark, found, found_count,
        )  # fmt: skip
    return found_count


@inline_kernel("void(int64,int64[:,::1],int64[::1],uint8[::1],int64,int64[:,::1],int64[::1],uint8[::1])")
def copy_row(
    from_row: int,
    from_extents: Words,
    from_words: Words,
    from_block: Bytes,
    to_row: int,
    to_extents: Words,
    to_words: Words,
    to_block: Bytes,
) -> None:
    """Copy one row from one arena to another: most cells are one or three words, or a byte."""
    for column in range(from_extents.shape[0]):
        size = from_extents[column, 1]
        source = from_extents[column, 0] + from_row * size
        target = to_extents[column, 0] + to_row * size
        if size == 8:
            to_words[target >> 3] = from_words[source >> 3]
        elif size == 1:
            to_block[target] = from_block[source]
        elif size == 24:
            for word in range(3):
                to_words[(target >> 3) + word] = from_words[(source >> 3) + word]
        else:
            copy_cells(size, source, from_words, from_block, target, to_words, to_block)


@inline_kernel("boolean(int64,int64[:,::1],uint8[::1],int64,int64[:,::1],uint8[::1],int64)")
def rows_differ(
    row_a: int, extents_a: Words, block_a: Bytes, row_b: int, extents_b: Words, block_b: Bytes, skipped: int
) -> bool:
    """Whether two rows differ in any column but the first ``skipped``."""
    for column in range(skipped, extents_a.shape[0]):
        size = extents_a[column, 1]
        first_a = extents_a[column, 0] + row_a * size
        first_b = extents_b[column, 0] + row_b * size
        for byte in range(size):
            if block_a[first_a + byte] != block_b[first_b + byte]:
                return True
    return False


@kernel(
    "void(int64,int64[::1],int64[:,::1],int64[::1],uint8[::1],int64[::1],int64[:,::1],int64[::1],uint8[::1])"
)
def copy_rows(
    row_count: int,
    from_rows: Words,
    from_extents: Words,
    from_words: Words,
    from_block: Bytes,
    to_rows: Words,
    to_extents: Words,
    to_words: Words,
    to_block: Bytes,
) -> None:
    """Copy row ``from_rows[k]`` of one arena over row ``to_rows[k]`` of another, for each k.

    Parameters
    ----------
    from_extents, to_extents : (columns, 2)
        Of the columns to copy: all of them, or the same choice from both.
    """
    for k in range(row_count):
        copy_row(
            from_rows[k], from_extents, from_words, from_block, to_rows[k], to_extents, to_words, to_block
        )


@kernel("void(int64,int64[:,::1],int64[::1],uint8[::1],int64[:,::1],int64[::1],uint8[::1])")
def copy_all_rows(
    count: int,
    from_extents: Words,
    from_words: Words,
    from_block: Bytes,
    to_extents: Words,
    to_words: Words,
    to_block: Bytes,
) -> None:
    """Copy the first ``count`` rows from one arena to another, see :func:`copy_rows`."""
    for column in range(from_extents.shape[0]):
        source = from_extents[column, 0]
        target = to_extents[column, 0]
        size = count * from_extents[column, 1]
        whole = size & ~7
        copy_cells(whole, source, from_words, from_block, target, to_words, to_block)
        copy_cells(size - whole, source + whole, from_words, from_block, target + whole, to_words, to_block)


@inline_kernel("int64(int64[::1])")
def look_at_lines(words: Words) -> int:
    """Look at one word of each line of 64 bytes.

    What is in no near cache comes faster in a pass that does nothing else. The caller must return what it has
    seen, or the compiler leaves the pass out.
    """
    seen = 0
    for line in range(len(words) >> 3):
        seen |= words[line << 3]
    return seen


@kernel("int64(int64[::1],int64[::1])")
def copy_block(source: Words, target: Words) -> int:
    """Copy one block of words, which is in no near cache, over another that is as long; what
    :func:`look_at_lines` says.
    """
    seen = look_at_lines(source)
    for word in range(len(source)):
        target[word] = source[word]
    return seen


@kernel(
    "int64(int64,int64,int64[::1],int64,int64[::1],int64,int64[:,::1],int64[::1],uint8[::1],int64[::1],uint8[::1],"
    "uint8[::1],uint8[::1],int64[::1],int64[::1],int64[::1])"
)
def find_changed_rows(
    count: int,
    touched_count: int,
    touched: Words,
    dirty_count: int,
    dirty: Words,
    limit: int,
    extents: Words,
    words: Words,
    block: Bytes,
    before_words: Words,
    before_block: Bytes,
    entry_block: Bytes,
    mark: Bytes,
    found: Words,
    touched_now: Words,
    number: Words,
) -> int:
    """Find the rows that differ from a record's, by what is known of the step before.

    Parameters
    ----------
    touched : (touched_count,)
        Rows in which the record differs from the result of the step before, as that was then.
    dirty : (dirty_count,)
        Rows in which that result may have changed since.
    limit : int
        If soon more than so many rows are touched, the search ends.
    extents : (columns, 2)
        Of all the arenas here, which have one layout.
    words, block : arrays
        The rows of now.
    before_words, before_block : arrays
        The result of the step before as it is recorded by now.
    entry_block : array
        The rows of the record.
    mark : (n,), found : (n,), written
        As :func:`find_different_rows` does.
    touched_now : (n,), written
        Rows that differ from the result of the step before.
    number : (1,), written
        How many those are.

    Returns
    -------
    int
        How many rows were found; more than ``limit`` if the search has ended.
    """
    now_count = find_different_rows(
        count, extents, words, block, extents, before_words, before_block, limit, 0, mark, touched_now
    )
    number[0] = now_count
    if now_count > limit:
        return now_count
    candidate_count = now_count
    for k in range(now_count):
        found[k] = touched_now[k]
    for k in range(touched_count):
        candidate_count = note_row(touched[k], candidate_count, mark, found)
    for k in range(dirty_count):
        candidate_count = note_row(dirty[k], candidate_count, mark, found)
    found_count = 0
    for k in range(candidate_count):
        row = found[k]
        if rows_differ(row, extents, block, row, extents, entry_block, 0):
            found[found_count] = row
            found_count += 1
        else:
            mark[row] = 0
    return found_count
