/* SPDX-License-Identifier: BSD-2-Clause */
/* Compiles kernels for another program, which starts it: on a first start several side by side. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const char cli_usage[] =
    "Usage: p2p-compile INDEX VECTOR_WIDTH\n"
    "Compile kernels for another program of pix2pix-cl, which starts this one and "
    "asks for them on\nstandard input, a socket.\n\n"
    "      --version            its version\n"
    "  -h, --help               this text\n";

int main(int argc, char **argv)
{
    P2pDeviceSettings settings = {0};

    if (argc == 2 && !strcmp(argv[1], "--version")) {
        printf("p2p-compile (pix2pix-cl) %s\n", p2p_version());
        return CLI_OK;
    }
    if (argc != 3) {
        const bool asked = argc == 2 && !strcmp(argv[1], "--help");
        fputs(cli_usage, asked ? stdout : stderr);
        return asked ? CLI_OK : CLI_USAGE;
    }
    signal(SIGINT, SIG_IGN); /* of a terminal: it is the other program's to stop */
    signal(SIGPIPE, SIG_IGN);
    settings.device = argv[1];
    settings.vector_width = atoi(argv[2]);
    const int err = p2p_compiler_serve(STDIN_FILENO, &settings);
    return err ? cli_fail("p2p-compile", err) : CLI_OK;
}
