/* SPDX-License-Identifier: BSD-2-Clause */
/* The libraries of this process, as /proc has them; elsewhere the system's release alone. */
#include "src/device/driver.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "src/base/file.h"

enum { LINE_BYTES = 8192 };

static unsigned long long add_file(unsigned long long hash, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return hash;
    const long long facts[] = {(long long)st.st_size, (long long)st.st_mtim.tv_sec,
                               (long long)st.st_mtim.tv_nsec};
    return p2p_fnv(p2p_fnv(hash, path, strlen(path)), facts, sizeof(facts));
}

/* "ADDRESSES MODE OFFSET DEVICE INODE   PATH": a library's first part, which is at its beginning. */
static const char *library_of(char *line)
{
    char *path = strchr(line, '/');

    line[strcspn(line, "\n")] = '\0';
    return path && strstr(path, ".so") && strstr(line, " 00000000 ") ? path : NULL;
}

/* A sum, since libraries lie at other addresses, and so in another order, each time. */
static unsigned long long sum_libraries(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned long long sum = 0;
    char line[LINE_BYTES];

    while (maps && fgets(line, sizeof(line), maps)) {
        const char *path = library_of(line);
        if (path)
            sum += add_file(P2P_FNV_START, path);
    }
    if (maps)
        fclose(maps);
    return sum;
}

static unsigned long long at_first;

static void measure_at_first(void)
{
    at_first = sum_libraries();
}

void p2p_driver_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, measure_at_first);
}

unsigned long long p2p_driver_hash(void)
{
    const unsigned long long loaded = sum_libraries() - at_first;
    unsigned long long hash = P2P_FNV_START;
    struct utsname system;

    if (uname(&system) >= 0)
        hash = p2p_fnv(hash, system.release, strlen(system.release));
    return p2p_fnv(hash, &loaded, sizeof(loaded));
}
