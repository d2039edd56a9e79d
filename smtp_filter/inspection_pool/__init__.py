"""Inspection away from the event loop: worker processes that read one message at a time and may die of it.

A *zygote* loads rules and language model once and forks workers from itself, so that a worker costs
milliseconds and shares its memory.  Each relay process holds a pool of workers of its own: it makes a pair of
sockets, hands one end to the zygote, and the new worker speaks on it.  A message's bytes travel as a file
descriptor, never through a pipe.  A worker that takes too long, too much memory or breaks is killed and
replaced; what it was reading is reported as failed, never as clean.
"""

from smtp_filter.inspection_pool.pool import InspectionFailedError, InspectionPool, PoolFullError
from smtp_filter.inspection_pool.settings import PoolSettings
from smtp_filter.inspection_pool.worker import Examine
from smtp_filter.inspection_pool.zygote import ZygoteRequests, run_zygote

__all__ = [
    "Examine",
    "InspectionFailedError",
    "InspectionPool",
    "PoolFullError",
    "PoolSettings",
    "ZygoteRequests",
    "run_zygote",
]
