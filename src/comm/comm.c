/* SPDX-License-Identifier: BSD-2-Clause */
/* Meeting the other ranks, messages under way, and noticing those that do not come. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "src/base/front.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/comm/comm_parts.h"

/* Another rank tells of a failure and ends this process; it has so long. */
#define PATIENCE_S 5.0
/* Of the time limit this part is left for finding out who is missing. */
#define GRACE_PART 0.25
#define LONGEST_GRACE_S 2.0

enum { SHORTEST_NAP_NS = 5000, LONGEST_NAP_NS = 200000, LOOKS = 50 };

/* What must be equal everywhere, or structs that are shared would be read wrongly. */
typedef struct Card {
    char version[16], host[P2P_HOST_BYTES];
    unsigned sizes;
} Card;

static int check_cards(const P2pComm *c, const Card *cards)
{
    const Card *mine = &cards[c->transport->rank];

    for (int i = 0; i < c->transport->size; i++)
        if (strcmp(cards[i].version, mine->version) != 0 || cards[i].sizes != mine->sizes)
            return p2p_fail(P2P_EINVAL,
                            "rank %d on %s runs another build, of version %.15s, than rank %d on "
                            "%s, %.15s; install the same one everywhere",
                            i, cards[i].host, cards[i].version, c->transport->rank, mine->host,
                            mine->version);
    return P2P_OK;
}

static int meet(P2pComm *c)
{
    const size_t size = (size_t)c->transport->size;
    Card mine = {.sizes = (unsigned)(sizeof(void *) << 16 | sizeof(long) << 8 | sizeof(size_t))};
    Card *all = p2p_alloc(size, sizeof(*all));
    int err = all ? P2P_OK : P2P_ENOMEM;

    snprintf(mine.version, sizeof(mine.version), "%s", p2p_version());
    snprintf(mine.host, sizeof(mine.host), "%s", c->transport->host ? c->transport->host : "?");
    if (!err)
        err = p2p_comm_gather(c, &mine, sizeof(mine), all, true);
    for (size_t i = 0; !err && i < size; i++)
        snprintf(c->hosts[i], P2P_HOST_BYTES, "%.*s", P2P_HOST_BYTES - 1, all[i].host);
    if (!err)
        err = check_cards(c, all);
    if (err == P2P_EINVAL)
        c->agreed = true;
    free(all);
    return err;
}

int p2p_comm_create(P2pComm **out, const P2pTransport *transport, double timeout_s)
{
    P2P_NEED(out);
    *out = NULL;
    P2P_NEED(transport);
    P2P_NEED_RANGE("size", transport->size, 1, P2P_MOST_RANKS);
    P2P_NEED_RANGE("rank", transport->rank, 0, transport->size - 1);
    P2P_REQUIRE(timeout_s >= 0, "timeout_s is %g, it must be 0 or more seconds", timeout_s);

    const size_t size = (size_t)transport->size;
    P2pComm *c = *out = p2p_alloc(1, sizeof(*c));
    if (!c)
        return P2P_ENOMEM;
    c->transport = transport;
    c->timeout_s = timeout_s;
    c->hosts = p2p_alloc(size, sizeof(*c->hosts));
    c->messages = p2p_alloc(2 * size, sizeof(*c->messages));
    c->votes = p2p_alloc(2 * size, sizeof(*c->votes));
    c->ballots = p2p_alloc(size, 1);
    c->alive = p2p_alloc(size, 1);
    c->ends = p2p_alloc(size, sizeof(*c->ends));
    return c->hosts && c->messages && c->votes && c->ballots && c->alive && c->ends ? meet(c)
                                                                                    : P2P_ENOMEM;
}

void p2p_comm_destroy(P2pComm **comm)
{
    P2pComm *c = *comm;

    if (!c)
        return;
    free(c->hosts);
    free(c->messages);
    free(c->votes);
    free(c->ballots);
    free(c->alive);
    free(c->ends);
    free(c);
    *comm = NULL;
}

int p2p_comm_rank(const P2pComm *comm)
{
    return comm ? comm->transport->rank : 0;
}

int p2p_comm_size(const P2pComm *comm)
{
    return comm ? comm->transport->size : 1;
}

bool p2p_comm_is_alone(const P2pComm *comm)
{
    return p2p_comm_size(comm) == 1;
}

bool p2p_comm_tells(const P2pComm *comm)
{
    return p2p_comm_is_alone(comm) || (comm->agreed ? p2p_comm_rank(comm) == 0 : !comm->silent);
}

bool p2p_comm_agreed(const P2pComm *comm)
{
    return p2p_comm_is_alone(comm) || comm->agreed;
}

const char *p2p_comm_host(const P2pComm *comm, int rank)
{
    return comm->hosts[rank][0] ? comm->hosts[rank] : "?";
}

/* ---- Messages under way ---------------------------------------------------------------------- */

static int fail_transport(const P2pComm *c, int peer)
{
    return p2p_fail(P2P_EIO, "the connection of rank %d on %s to rank %d on %s broke",
                    p2p_comm_rank(c), p2p_comm_host(c, p2p_comm_rank(c)), peer,
                    p2p_comm_host(c, peer));
}

int p2p_comm_send(P2pComm *c, P2pMessage *t, int to, int tag, const void *data, size_t bytes)
{
    *t = (P2pMessage){.peer = to, .active = true};
    P2P_ASSERT(bytes <= P2P_TRANSPORT_BYTES);
    if (c->transport->send(c->transport->user, to, tag, data, bytes, &t->request) == 0)
        return P2P_OK;
    t->active = false;
    return fail_transport(c, to);
}

int p2p_comm_receive(P2pComm *c, P2pMessage *t, int from, int tag, void *data, size_t bytes)
{
    *t = (P2pMessage){.peer = from, .active = true, .receives = true};
    P2P_ASSERT(bytes <= P2P_TRANSPORT_BYTES);
    if (c->transport->receive(c->transport->user, from, tag, data, bytes, &t->request) == 0)
        return P2P_OK;
    t->active = false;
    return fail_transport(c, from);
}

int p2p_comm_look(P2pComm *c, P2pMessage *t, int count, int *left)
{
    *left = 0;
    for (int i = 0; i < count; i++) {
        bool done = false;
        if (!t[i].active)
            continue;
        if (c->transport->test(c->transport->user, &t[i].request, &done) != 0)
            return fail_transport(c, t[i].peer);
        t[i].active = !done;
        *left += !done;
    }
    return P2P_OK;
}

static void nap(long ns)
{
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

static double grace(const P2pComm *c)
{
    const double part = GRACE_PART * c->timeout_s;

    return part < LONGEST_GRACE_S ? part : LONGEST_GRACE_S;
}

void p2p_comm_nap(int *looks)
{
    const int doublings = p2p_min(*looks / LOOKS, 6);

    nap(p2p_min(SHORTEST_NAP_NS << doublings, LONGEST_NAP_NS));
    ++*looks;
}

/* Which of the others does not say that it is alive, though it may wait for a third one: missing[rank]. */
static void ask_all(P2pComm *c, bool *missing)
{
    const int me = p2p_comm_rank(c), size = p2p_comm_size(c);
    const double start = p2p_seconds();
    int count = 0, left = 1;

    for (int i = 0; i < size; i++) {
        missing[i] = i != me;
        if (i != me &&
            p2p_comm_receive(c, &c->messages[count], i, P2P_TAG_ALIVE, &c->alive[i], 1) == 0)
            count++;
    }
    const int receives = count;
    for (int i = 0; i < size; i++)
        if (i != me && p2p_comm_send(c, &c->messages[count], i, P2P_TAG_ALIVE, "y", 1) == 0)
            count++;
    while (left && p2p_seconds() - start < grace(c) &&
           p2p_comm_look(c, c->messages, receives, &left) == 0)
        nap(LONGEST_NAP_NS);
    for (int i = 0; i < receives; i++)
        missing[c->messages[i].peer] = c->messages[i].active;
}

static int fail_names(const P2pComm *c, const bool *missing)
{
    char names[512] = "";

    for (int i = 0; i < p2p_comm_size(c); i++) {
        const size_t used = strlen(names);
        if (missing[i])
            snprintf(names + used, sizeof(names) - used, "%srank %d on %s", used ? ", " : "", i,
                     p2p_comm_host(c, i));
    }
    return p2p_fail(P2P_ETIMEOUT,
                    "%s did not answer for %g s (--device_timeout): dead, hung, or behind a "
                    "network that is down; the last checkpoint is whole",
                    names[0] ? names : "a message", c->timeout_s);
}

/* The first of those that are there tells, and ends the job. */
int p2p_comm_fail_missing(P2pComm *c)
{
    bool missing[P2P_MOST_RANKS];
    const double start = p2p_seconds();
    int teller = 0;

    ask_all(c, missing);
    while (missing[teller])
        teller++;
    c->silent = p2p_comm_rank(c) != teller;
    while (c->silent && p2p_seconds() - start < grace(c) + PATIENCE_S)
        nap(LONGEST_NAP_NS);
    return fail_names(c, missing);
}

double p2p_comm_limit(const P2pComm *c)
{
    return c->timeout_s - grace(c);
}

int p2p_comm_wait(P2pComm *c, P2pMessage *t, int count, bool limited)
{
    P2pPatience patience;
    int left = count + 1, looks = 0, err = P2P_OK;

    p2p_patience_begin(&patience);
    while (!err && left) {
        const int before = left;
        err = p2p_comm_look(c, t, count, &left);
        if (err || !left)
            break;
        if (left < before) {
            p2p_patience_begin(&patience);
            looks = 0;
        }
        if (limited && c->timeout_s > 0 && p2p_patience_is_over(&patience, p2p_comm_limit(c)))
            return p2p_comm_fail_missing(c);
        p2p_comm_nap(&looks);
    }
    return err;
}
