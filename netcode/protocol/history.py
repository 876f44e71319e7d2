"""The updates of one emitter that are held, without a gap, and their blocks for the wire."""

from __future__ import annotations

from netcode.limits import BLOCK_COUNT_MAX, Limits
from netcode.protocol.coding import RUN_COUNT_MAX, RUNS, splice


class History:
    """Updates `first` to `next - 1` of one emitter, each with its difference to the one before it.

    Attributes
    ----------
    first, next : int
        Extended 64-bit numbers, half-open.
    origin : int
        The first number ever held; its difference is to no bytes, all others' to the update before.
    size : int
        Bytes of the payloads held; at most ``limits.history_size_max``, as is their count.
    floor : int or None
        The application needs everything from this number on (`Endpoint.keep_from`).
    """

    __slots__ = (
        "_cache",
        "_differences",
        "_last",
        "_limits",
        "_payloads",
        "first",
        "floor",
        "next",
        "origin",
        "size",
    )

    def __init__(self, first: int, limits: Limits) -> None:
        self.first = first
        self.next = first
        self.origin = first
        self.size = 0
        self.floor: int | None = None
        self._limits = limits
        self._last = b""
        self._payloads: list[bytes] = []
        self._differences: list[bytes] = []
        self._cache: dict[int, tuple[int, bytes]] = {}

    def __len__(self) -> int:
        return self.next - self.first

    def get(self, number: int) -> bytes | None:
        """Return the payload of `number`, None when it is not held."""
        index = number - self.first
        if index < 0 or number >= self.next:
            return None
        return self._payloads[index]

    def payloads(self, first: int, end: int) -> list[bytes]:
        """Return the payloads of a half-open range of held numbers."""
        assert self.first <= first and end <= self.next, (self.first, first, end, self.next)
        return self._payloads[first - self.first : max(first, end) - self.first]

    def append(self, payload: bytes) -> int:
        """Hold the next update and return its number; the oldest go when a bound is exceeded."""
        payloads = self._payloads
        self._differences.append(splice(self._last, payload))
        self._last = payload
        payloads.append(payload)
        self.size += len(payload)
        if self._cache:
            self._cache.clear()
        number = self.next
        self.next = number + 1
        limits = self._limits
        if len(payloads) > limits.history_count_max:
            self.drop_below(self.next - limits.history_count_max)
        if self.size > limits.history_size_max:
            self._drop_size()
        return number

    def drop_below(self, number: int) -> None:
        """Forget every update below `number`; nothing happens when none is held."""
        number = min(number, self.next)
        count = number - self.first
        if count <= 0:
            return
        for payload in self._payloads[:count]:
            self.size -= len(payload)
        del self._payloads[:count]
        del self._differences[:count]
        self._cache.clear()
        self.first = number
        assert self.size >= 0, self.size

    def _drop_size(self) -> None:
        first, size = self.first, self.size
        for payload in self._payloads:
            if size <= self._limits.history_size_max:
                break
            size -= len(payload)
            first += 1
        self.drop_below(first)

    def restart(self, first: int) -> None:
        """Forget everything and hold from `first` on."""
        self.drop_below(self.next)
        self.first = self.next = self.origin = first
        self._last = b""

    def block(self, first: int, *, based: bool, size_max: int, end: int) -> tuple[int, bytes]:
        """Code updates from `first` on.

        Parameters
        ----------
        first, end : int
            Held numbers; the block ends at `end`, after 255 updates, or before it is larger than `size_max`.
        based : bool
            The receiver holds ``first - 1``, so the first one is coded as a difference too.
        size_max : int
            Bytes of the operations; one update always fits by the relations of the limits.

        Returns
        -------
        end, operations
            The number after the last one coded.
        """
        assert self.first <= first < end <= self.next, (self.first, first, end, self.next)
        assert not based or first > self.origin, (first, self.origin)
        offset = first - self.first
        operations: list[bytes] = []
        size = run = coded = 0
        differences = self._differences[offset : min(end - self.first, offset + BLOCK_COUNT_MAX)]
        if not based:
            differences[0] = splice(b"", self._payloads[offset])
        if all(differences):
            # The same as below, without a look at each: nothing is repeated, and all of it fits.
            joined = b"".join(differences)
            if len(joined) < size_max:
                return first + len(differences), joined
        for operation in differences:
            if not operation:
                if size >= size_max and coded and not run:
                    break  # not even a run fits after a first operation that is too large itself
                run += 1
                if run == RUN_COUNT_MAX:
                    operations.append(RUNS[run])
                    size += 1
                    run = 0
            else:
                if run:
                    operations.append(RUNS[run])
                    size += 1
                    run = 0
                size += len(operation)
                # One byte is kept for the run that may follow; the first operation fits by the limits'
                # relations.
                if size >= size_max and coded:
                    break
                operations.append(operation)
            coded += 1
        if run:
            operations.append(RUNS[run])
        return first + coded, b"".join(operations)

    def known_part(self, first: int, end: int, *, based: bool, size_max: int) -> tuple[int, bytes]:
        """Code the held updates from `first` on as a sender of `end` and more would begin to.

        A block of somebody who codes as we do begins with these bytes if it says the same about these
        updates; so most of what a datagram repeats is compared without being decoded.

        Parameters
        ----------
        first, end : int
            A half-open range of held numbers, not empty.
        based, size_max
            As in `block`.

        Returns
        -------
        end, operations
            Where the part ends: after the last update that differs from the one before it, since a run at the
            end may be longer in a block that goes on. ``first`` and no bytes if there is none.
        """
        differences = self._differences[first - self.first : end - self.first]
        if based and all(differences):
            return end, b"".join(differences)
        if not based:
            differences[0] = splice(b"", self._payloads[first - self.first])
        count = len(differences)
        while count and not differences[count - 1]:
            count -= 1
        if not count:
            return first, b""
        return self.block(first, based=based, size_max=size_max, end=first + count)

    def tail(self, first: int, *, based: bool) -> tuple[int, bytes]:
        """Return `block` from `first` to the newest within the redundancy bound; kept until the next update.

        Links with the same acknowledgement share it, so the cost of a tick hardly grows with the links.
        """
        key = first << 1 | based
        found = self._cache.get(key)
        if found is None:
            size_max = self._limits.redundancy_size_max
            found = self._cache[key] = self.block(first, based=based, size_max=size_max, end=self.next)
        return found

    def cost(self, number: int) -> int:
        """Return about how many bytes `number` adds to a block."""
        return len(self._differences[number - self.first]) or 1
