/* SPDX-License-Identifier: BSD-2-Clause */
/* Causes outside of this program, found by looking. */
#include "src/device/advice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/file.h"
#include "src/base/memory.h"
#include "src/base/status.h"

static const char install_hint[] =
    "install a driver: pocl-opencl-icd (any CPU), mesa-opencl-icd with RUSTICL_ENABLE=radeonsi or "
    "rocm-opencl-icd (AMD), intel-opencl-icd (Intel), nvidia-opencl-icd (NVIDIA)";

char *p2p_pocl_folder(const char **variable)
{
    const char *own = getenv("POCL_CACHE_DIR"), *xdg = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    if (variable)
        *variable = own ? "POCL_CACHE_DIR" : xdg && *xdg ? "XDG_CACHE_HOME" : home ? "HOME" : NULL;
    return own           ? p2p_strdup(own)
           : xdg && *xdg ? p2p_format("%s/pocl/kcache", xdg)
           : home        ? p2p_format("%s/.cache/pocl/kcache", home)
                         : p2p_strdup("/tmp/pocl/kcache");
}

/* Whether a file of some size can be made there, as PoCL does for each kernel. */
static int try_to_write(const char *folder)
{
    static const char zeros[1 << 16];
    char *path = p2p_format("%s/pix2pix-cl", folder);
    int err = path ? p2p_folder_make(folder) : P2P_ENOMEM;

    if (!err && (err = p2p_file_write(path, zeros, sizeof(zeros))) == P2P_OK)
        remove(path);
    free(path);
    return err;
}

bool p2p_advice_pocl(char *text, size_t bytes)
{
    const char *variable;
    char *folder = p2p_pocl_folder(&variable);
    const int err = folder ? try_to_write(folder) : P2P_OK;

    if (err)
        snprintf(
            text, bytes,
            "PoCL cannot write its kernels%s%s%s: %.400s; let POCL_CACHE_DIR name a folder that "
            "can be written to (without it XDG_CACHE_HOME or HOME say where that is)",
            variable ? " where " : "", variable ? variable : "", variable ? " says" : "",
            p2p_error());
    free(folder);
    return err < 0;
}

void p2p_advice_install(char *text, size_t bytes)
{
    static const char *const hiding[] = {"OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH", "POCL_DEVICES"};
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < P2P_COUNT(hiding); i++)
        if (getenv(hiding[i])) {
            snprintf(text + used, bytes - used, "%s%s", used ? ", " : "unset ", hiding[i]);
            used = strlen(text);
        }
    snprintf(text + used, bytes - used, "%s%s", used ? ", or " : "", install_hint);
}
