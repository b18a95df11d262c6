# SPDX-License-Identifier: GPL-2.0-only
"""A database is given a larger map each time that it is full."""
import hashlib
import lmdb

MIB = 1 << 20
size = MIB
env = lmdb.open("/tmp/database", map_size=size)
number = 0
while size < 64 * MIB:
    try:
        with env.begin(write=True) as txn:
            for key in range(number, number + 100):
                txn.put(b"%08d" % key, b"%d" % key * 300)
        number += 100
    except lmdb.MapFullError:
        size *= 2
        env.set_mapsize(size)
digest = hashlib.sha256()
with env.begin() as txn:
    for key, value in txn.cursor():
        digest.update(key + value)
print(number, env.info()["map_size"], digest.hexdigest())
