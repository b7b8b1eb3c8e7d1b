/* SPDX-License-Identifier: BSD-2-Clause */
/* compare A.png B.png: exit 0 when no sample of two 8-bit pictures differs by more than one. */
#include <p2p/p2p.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    P2pImage a = {0}, b = {0};
    int most = 255;

    if (argc != 3 || p2p_image_read(&a, argv[1], 0) || p2p_image_read(&b, argv[2], 0)) {
        fprintf(stderr, "compare: %s\n", p2p_error());
        return 2;
    }
    if (a.width == b.width && a.height == b.height && a.channels == b.channels && a.bits == 8 &&
        b.bits == 8) {
        const unsigned char *p = a.data, *q = b.data;
        most = 0;
        for (size_t i = 0; i < p2p_image_bytes(&a); i++)
            most = abs(p[i] - q[i]) > most ? abs(p[i] - q[i]) : most;
    }
    printf("largest difference %d\n", most);
    p2p_image_finish(&a);
    p2p_image_finish(&b);
    return most > 1;
}
