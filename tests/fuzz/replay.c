/* SPDX-License-Identifier: BSD-2-Clause */
/* Run a fuzz target once on each file given: the seeds and all past findings, in the ordinary tests. */
#include <stdint.h>
#include <stdio.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        unsigned char *data;
        size_t bytes;
        if (p2p_file_read(argv[i], 1 << 24, &data, &bytes) < 0) {
            fprintf(stderr, "%s\n", p2p_error());
            return 1;
        }
        LLVMFuzzerTestOneInput(data, bytes);
        free(data);
    }
    printf("%d passed, 0 failed\n", argc - 1);
    return argc < 2;
}
