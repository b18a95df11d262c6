# SPDX-License-Identifier: GPL-2.0-only
"""A mapping grows and shrinks at random; what stays keeps its contents."""
import hashlib
import mmap
import random

PAGE = mmap.PAGESIZE
random.seed(1)
memory = mmap.mmap(-1, PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
pages = [0]
for turn in range(2000):
    wanted = random.randint(1, 2000)
    memory.resize(wanted * PAGE)
    del pages[wanted:]
    while len(pages) < wanted:
        number = random.randint(0, 255)
        memory[len(pages) * PAGE] = number
        pages.append(number)
    page = random.randrange(wanted)
    assert memory[page * PAGE] == pages[page], (turn, page)
print(hashlib.sha256(memory[:]).hexdigest())
