/* SPDX-License-Identifier: BSD-2-Clause */
/* Large blocks of memory, aligned to huge pages. Linux has madvise(); others do without. */
#define _DEFAULT_SOURCE
#include <stdint.h>
#include <sys/mman.h>

#include "src/base/memory.h"

enum { HUGE_BYTES = 2 << 20 };

/* What was mapped; stands in the page before the memory. */
typedef struct Header {
    void *mapped;
    size_t bytes;
} Header;

void *p2p_pages_alloc(size_t bytes)
{
    const size_t total = p2p_round_up(bytes, HUGE_BYTES) + 2 * (size_t)HUGE_BYTES;
    void *mapped = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (mapped == MAP_FAILED)
        return NULL;
    char *memory = (char *)p2p_round_up((uintptr_t)mapped + sizeof(Header), HUGE_BYTES);
    ((Header *)(void *)memory)[-1] = (Header){mapped, total};
#ifdef MADV_HUGEPAGE
    madvise(memory, p2p_round_up(bytes, HUGE_BYTES), MADV_HUGEPAGE);
#endif
    return memory;
}

void p2p_pages_free(void *pages)
{
    if (!pages)
        return;
    const Header h = ((Header *)pages)[-1];
    munmap(h.mapped, h.bytes);
}

void p2p_pages_forget(const void *data, size_t bytes)
{
#ifdef MADV_DONTNEED
    enum { PAGE = 4096 }; /* a larger one makes the call fail, which is harmless */
    const uintptr_t from = p2p_round_up((uintptr_t)data, PAGE);
    const uintptr_t to = ((uintptr_t)data + bytes) / PAGE * PAGE;

    if (from < to)
        madvise((void *)from, to - from, MADV_DONTNEED);
#else
    (void)data, (void)bytes;
#endif
}
