"""Work that is shared among threads, with the same bits for any number of them: docs/physics/threads.md."""
