"""Words of brotli's static dictionary, in one of their forms.

Source: RFC 7932, section 8 and Appendix B. `Dictionary` is compgen.formats.brotli_dictionary's.
"""

from compgen.kernels.jit import kernel

FORMS = 121
SHORTEST, LONGEST = 4, 24
"""Copy lengths that can refer to a word."""
LONGEST_FORM = LONGEST + 13
"""Bytes of a word in any form, at most."""


@kernel
def write_word(dictionary, length, word, out, at):
    """Write the word of `length` bytes with the id `word` to out[at:]; returns where it ends.

    The id must be below 121 << index_bits[length], and `out` have room for LONGEST_FORM bytes.
    """
    bits = dictionary.index_bits[length]
    form = word >> bits
    affixes, affix_end = dictionary.affixes, dictionary.affix_end
    for index in range(affix_end[2 * form - 1] if form else 0, affix_end[2 * form]):
        out[at] = affixes[index]
        at += 1
    first = dictionary.start[length] + (word & ((1 << bits) - 1)) * length
    last = first + length
    change = dictionary.change[form]
    if change < 10:
        last -= change
    elif change < 20:
        first += change - 10
    begin = at
    for index in range(first, last):
        out[at] = dictionary.words[index]
        at += 1
    if change >= 20:
        letter = begin
        while letter < at:
            letter += _raise_case(out, letter, at)
            if change == 20:
                break
    for index in range(affix_end[2 * form], affix_end[2 * form + 1]):
        out[at] = affixes[index]
        at += 1
    return at


@kernel
def _raise_case(out, at, end):
    """Put one character into upper case, or what the RFC takes for it; returns its bytes."""
    if out[at] < 192:
        if 97 <= out[at] <= 122:
            out[at] ^= 32
        return 1
    if out[at] < 224:
        if at + 1 < end:
            out[at + 1] ^= 32
        return 2
    if at + 2 < end:
        out[at + 2] ^= 5
    return 3
