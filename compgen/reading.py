"""The five readings of a code length, and `auto`."""

from enum import StrEnum


class Reading(StrEnum):
    """How the length of a compressed continuation is read. docs/readings.md explains each.

    ========  ==================================================================== =======
    reading   what it is                                                           exact?
    ========  ==================================================================== =======
    bytes     8 x the length of the finished stream, in whole bytes                 rounded
    bits      the bit at which the stream's information ends, before padding        exact
    payload   `bits` without block headers and code-table descriptions              by definition
    frozen    the continuation under the code tables that the context has built     approximate
    marginal  the decoder's own distribution, summed over all parses                exact
    ========  ==================================================================== =======

    `auto` is the best reading that a compressor has.
    """

    AUTO = "auto"
    BYTES = "bytes"
    BITS = "bits"
    PAYLOAD = "payload"
    FROZEN = "frozen"
    MARGINAL = "marginal"
