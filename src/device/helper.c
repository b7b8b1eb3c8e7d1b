/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process of another program that answers on a socket. It is spawned, not forked: other threads may
 * hold any lock. A broken socket is no signal here, and no child of somebody else's is waited for.
 */
#include "src/device/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/base/log.h"

extern char **environ;

static int spawn(P2pHelper *h, char *const argv[], int socket)
{
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);

    if (code)
        return code;
    code = posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
    if (!code)
        code = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (!code)
        code = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (!code)
        code = posix_spawn(&h->pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

bool p2p_helper_start(P2pHelper *h, char *const argv[])
{
    int ends[2];

    *h = (P2pHelper){.fd = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    const int code = spawn(h, argv, ends[1]);
    close(ends[1]);
    if (code)
        close(ends[0]);
    else
        h->fd = ends[0];
    return code == 0;
}

bool p2p_helper_send(const P2pHelper *h, const char *text, size_t bytes)
{
    while (bytes > 0) {
        const ssize_t n = send(h->fd, text, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EINTR)
            return false;
        text += n > 0 ? n : 0;
        bytes -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

size_t p2p_helper_receive(const P2pHelper *h, char *out, size_t bytes)
{
    ssize_t n;

    do
        n = recv(h->fd, out, bytes, 0);
    while (n < 0 && errno == EINTR);
    return n > 0 ? (size_t)n : 0;
}

void p2p_helper_close(P2pHelper *h)
{
    if (h->fd >= 0)
        close(h->fd);
    h->fd = -1;
}

int p2p_helper_end(P2pHelper *h, double seconds)
{
    const struct timespec nap = {.tv_nsec = 5000000};
    const double start = p2p_seconds();
    int status = 0;
    pid_t gone = 0;

    p2p_helper_close(h);
    if (h->pid <= 0)
        return 0;
    while ((gone = waitpid(h->pid, &status, WNOHANG)) == 0 && p2p_seconds() - start < seconds)
        nanosleep(&nap, NULL);
    if (gone == 0)
        kill(h->pid, SIGKILL);
    while (gone <= 0 && (gone = waitpid(h->pid, &status, 0)) < 0 && errno == EINTR)
        continue;
    h->pid = 0;
    return status;
}
