/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and orders of other programs; the one place that knows them. */
#include "src/model/exchange.h"

#include <stdio.h>
#include <string.h>

#include "p2p/data.h"
#include "src/base/memory.h"
#include "src/base/status.h"
#include "src/nets/nets.h"

/* ---- PyTorch ------------------------------------------------------------------------------- */

typedef struct Names {
    const P2pTensorFile *file;
    const char *prefix;
} Names;

static const P2pFileTensor *find(const Names *n, const char *format, int k)
{
    char name[P2P_EXCHANGE_NAME];
    const int used = snprintf(name, sizeof(name), "%s", n->prefix);

    snprintf(name + used, sizeof(name) - (size_t)used, format, k);
    return p2p_tensor_file_find(n->file, name);
}

/* "model.model.1.model.3.model.<place>" with `level` times ".model". */
static const P2pFileTensor *find_level(const Names *n, int level, const char *place)
{
    char name[P2P_EXCHANGE_NAME];
    size_t used = (size_t)snprintf(name, sizeof(name), "%smodel", n->prefix);

    for (int i = 2; i <= level; i++)
        used += (size_t)snprintf(name + used, sizeof(name) - used, ".model.%d", i == 2 ? 1 : 3);
    snprintf(name + used, sizeof(name) - used, ".model.%s", place);
    return p2p_tensor_file_find(n->file, name);
}

static int size_at(const P2pFileTensor *t, int axis)
{
    return t && t->rank > axis && t->shape[axis] < 1 << 20 ? (int)t->shape[axis] : 0;
}

/* What a file tells counts as given. A size that no option can have shows when nothing fits it. */
void p2p_exchange_tell(P2pOptions *o, const char *name, int value)
{
    (void)p2p_options_set_int(o, name, value);
}

void p2p_exchange_tell_word(P2pOptions *o, const char *name, const char *value)
{
    P2P_ASSERT(p2p_options_set(o, name, value) == P2P_OK);
}

static void tell_norm(P2pOptions *o, bool gamma, bool bias)
{
    if (gamma && bias)
        p2p_exchange_tell(o, "all_bias", true);
    p2p_exchange_tell_word(o, "norm", gamma ? "batch" : bias ? "instance" : "none");
}

static void infer_unet(const Names *n, P2pOptions *o)
{
    const P2pFileTensor *first = find_level(n, 1, "0.weight"), *last = find_level(n, 1, "3.weight");
    int levels = 1;

    while (levels < 12 && find_level(n, levels + 1, "1.weight"))
        levels++;
    p2p_exchange_tell(o, "ngf", size_at(first, 0));
    p2p_exchange_tell(o, "input_nc", size_at(first, 1));
    p2p_exchange_tell(o, "output_nc", size_at(last, 1));
    tell_norm(o, find_level(n, 2, "2.weight"), find_level(n, 2, "1.bias"));
    const bool skips = size_at(last, 0) != size_at(first, 0);
    p2p_exchange_tell_word(o, "netG",
                           !skips        ? "encoder_decoder"
                           : levels == 7 ? "unet_128"
                                         : "unet_256");
    p2p_exchange_tell(o, "num_downs", levels == (skips && levels == 7 ? 7 : 8) ? 0 : levels);
}

/* How a kind of ResNet calls what tells its options; %d is the number of blocks, for its last layer. */
typedef struct ResnetNames {
    const char *first, *norm, *bias, *block;
    const char *second; /* convolution of a block, where no dropout is before it */
    const char *last;
    int first_block,
        behind; /* numbers: of the first block; of the last layer, with no blocks (0: it has none) */
} ResnetNames;

static int infer_resnet(const Names *n, const ResnetNames *r, P2pOptions *o)
{
    const P2pFileTensor *first = find(n, r->first, 0);
    int blocks = 0;

    while (find(n, r->block, r->first_block + blocks))
        blocks++;
    /* Where a transposed convolution would have its ReLU: as its frequently asked questions have it. */
    const bool resized = r->behind && find(n, r->last, r->first_block + blocks + 2);
    p2p_exchange_tell_word(o, "netG", blocks == 6 ? "resnet_6blocks" : "resnet_9blocks");
    if (blocks != 6 && blocks != 9)
        p2p_exchange_tell(o, "n_blocks", blocks);
    if (resized) /* it does not tell how */
        o->upsample = P2P_UPSAMPLE_BILINEAR;
    p2p_exchange_tell(o, "ngf", size_at(first, 0));
    p2p_exchange_tell(o, "input_nc", size_at(first, 1));
    p2p_exchange_tell(o, "output_nc",
                      size_at(find(n, r->last, r->behind + blocks + (resized ? 4 : 0)), 0));
    p2p_exchange_tell(o, "no_dropout", find(n, r->second, r->first_block) != NULL);
    tell_norm(o, find(n, r->norm, 0), find(n, r->bias, 0));
    return P2P_OK;
}

static int infer_reflecting(const Names *n, P2pOptions *o)
{
    static const ResnetNames names = {"model.1.weight",
                                      "model.2.weight",
                                      "model.1.bias",
                                      "model.%d.conv_block.1.weight",
                                      "model.%d.conv_block.5.weight",
                                      "model.%d.weight",
                                      10,
                                      17};

    return infer_resnet(n, &names, o);
}

/* As pix2pix-pytorch had it until December 2018. */
static int infer_zero_padded(const Names *n, P2pOptions *o)
{
    static const ResnetNames names = {"model.0.weight",
                                      "model.1.weight",
                                      "model.0.bias",
                                      "model.%d.conv_block.0.weight",
                                      "model.%d.conv_block.3.weight",
                                      "model.%d.weight",
                                      9,
                                      15};

    p2p_exchange_tell_word(o, "padding_type", "zero");
    return infer_resnet(n, &names, o);
}

static int infer_mrzhu(const Names *n, P2pOptions *o)
{
    static const ResnetNames names = {"inc.inconv.1.weight",
                                      "inc.inconv.2.weight",
                                      "inc.inconv.1.bias",
                                      "resblocks.%d.conv_block.1.weight",
                                      "resblocks.%d.conv_block.5.weight",
                                      "outc.outconv.1.weight",
                                      0,
                                      0};

    p2p_exchange_tell(o, "relu_after_add", true);
    return infer_resnet(n, &names, o);
}

/* How many pictures' channels a discriminator sees is all that its file tells. */
static void infer_patchgan(const Names *n, P2pOptions *o)
{
    const P2pFileTensor *first = find(n, "model.%d.weight", 0);
    int layers = 0;

    while (find(n, "model.%d.weight", 5 + 3 * layers))
        layers++;
    p2p_exchange_tell_word(o, "netD", layers == 3 ? "basic" : "n_layers");
    p2p_exchange_tell(o, "n_layers_D", layers);
    p2p_exchange_tell(o, "ndf", size_at(first, 0));
    o->output_nc = size_at(first, 1);
    tell_norm(o, find(n, "model.%d.weight", 3), find(n, "model.%d.bias", 2));
}

static void infer_pixel(const Names *n, P2pOptions *o)
{
    const P2pFileTensor *first = find(n, "net.%d.weight", 0);

    p2p_exchange_tell_word(o, "netD", "pixel");
    p2p_exchange_tell(o, "ndf", size_at(first, 0));
    o->output_nc = size_at(first, 1);
    tell_norm(o, find(n, "net.%d.weight", 3), find(n, "net.%d.bias", 2));
}

typedef enum Kind { NO_NETWORK, UNET, RESNET, RESNET_ZERO, RESNET_MRZHU, PATCHGAN, PIXEL } Kind;

/* A tensor that each kind has; what stands before this name may be the prefix of all names. */
static const char *const signatures[] = {[UNET] = "model.model.0.weight",
                                         [RESNET] = "model.10.conv_block.1.weight",
                                         [RESNET_ZERO] = "model.9.conv_block.0.weight",
                                         [RESNET_MRZHU] = "resblocks.0.conv_block.1.weight",
                                         [PATCHGAN] = "model.0.weight",
                                         [PIXEL] = "net.0.weight"};

/*
 * A second tensor tells a network from a prefix that reads like our own names: PatchGAN's
 * model.0.weight behind "model." is not a U-Net's model.model.0.weight.
 */
static bool is_kind(const Names *n, Kind kind)
{
    if (!find(n, signatures[kind], 0))
        return false;
    switch (kind) {
    case UNET:
        return find_level(n, 1, "3.weight") && find_level(n, 2, "1.weight");
    case RESNET:
        return find(n, "model.%d.weight", 1) && !find(n, signatures[RESNET_ZERO], 0);
    case RESNET_ZERO:
        return find(n, "model.%d.weight", 0);
    case RESNET_MRZHU:
        return find(n, "inc.inconv.%d.weight", 1);
    case PATCHGAN:
        return find(n, "model.%d.weight", 2);
    default:
        return find(n, "net.%d.weight", 2);
    }
}

static bool is_generator(Kind kind)
{
    return kind >= UNET && kind <= RESNET_MRZHU;
}

/* The prefix that makes a name of a kind's signature; false where it has another end. */
static bool prefix_of(const char *name, const char *signature, char prefix[P2P_EXCHANGE_PREFIX])
{
    const size_t bytes = strlen(name), end = strlen(signature);

    if (bytes < end || strcmp(name + bytes - end, signature) != 0)
        return false;
    const size_t length = bytes - end;
    if (length >= P2P_EXCHANGE_PREFIX || (length && name[length - 1] != '.'))
        return false;
    memcpy(prefix, name, length);
    prefix[length] = '\0';
    return true;
}

/* Of two networks of one role the first counts; a wanted role before the generator. */
static void take(P2pExchangeNet *found, Kind *best, Kind kind, const char *prefix, P2pTask wanted)
{
    const bool same = *best != NO_NETWORK && is_generator(*best) == is_generator(kind);
    const bool better = is_generator(kind) == (wanted == P2P_GENERATOR);

    if (same) {
        if (!found->other[0])
            memcpy(found->other, prefix, strlen(prefix) + 1);
        return;
    }
    found->partner = *best != NO_NETWORK;
    if (*best != NO_NETWORK && !better)
        return;
    *best = kind;
    found->other[0] = '\0';
    found->task = is_generator(kind) ? P2P_GENERATOR : P2P_DISCRIMINATOR;
    memcpy(found->prefix, prefix, strlen(prefix) + 1);
}

/* All networks of the file; the best one is left in *found. */
static Kind find_network(const P2pTensorFile *file, P2pTask wanted, P2pExchangeNet *found)
{
    enum { MOST = 256 }; /* names to look at: each costs a search for others */
    char prefix[P2P_EXCHANGE_PREFIX];
    Kind best = NO_NETWORK;

    *found = (P2pExchangeNet){0};
    for (int i = 0, looked = 0; i < p2p_tensor_file_count(file) && looked < MOST; i++)
        for (Kind kind = UNET; kind <= PIXEL; kind++)
            if (prefix_of(p2p_tensor_file_at(file, i)->name, signatures[kind], prefix)) {
                const Names n = {file, prefix};
                looked++;
                if (is_kind(&n, kind))
                    take(found, &best, kind, prefix, wanted);
            }
    return best;
}

int p2p_exchange_infer_pytorch(const P2pTensorFile *file, P2pTask wanted, P2pOptions *o,
                               P2pExchangeNet *found)
{
    const Kind kind = find_network(file, wanted, found);
    const Names n = {file, found->prefix};

    found->mrzhu = kind == RESNET_MRZHU;
    o->unconditional_D |= kind == PATCHGAN || kind == PIXEL;
    switch (kind) {
    case UNET:
        infer_unet(&n, o);
        return P2P_OK;
    case RESNET:
        return infer_reflecting(&n, o);
    case RESNET_ZERO:
        return infer_zero_padded(&n, o);
    case RESNET_MRZHU:
        return infer_mrzhu(&n, o);
    case PATCHGAN:
        infer_patchgan(&n, o);
        return P2P_OK;
    case PIXEL:
        infer_pixel(&n, o);
        return P2P_OK;
    default:
        return p2p_fail(P2P_EFORMAT,
                        "%s: holds no network that is known: no tensor model.model.0.weight "
                        "(U-Net), model.10.conv_block.1.weight (ResNet) or model.0.weight "
                        "(discriminator), behind whatever prefix; its first is called %.80s",
                        p2p_tensor_file_path(file),
                        p2p_tensor_file_count(file) ? p2p_tensor_file_at(file, 0)->name : "none");
    }
}

/* model.PLACE.REST: the place tells the layer, those behind the blocks as if there were none. */
bool p2p_exchange_mrzhu_name(const P2pGraph *g, int i, const char *prefix,
                             char name[P2P_EXCHANGE_NAME])
{
    static const char *const layers[] = {
        [1] = "inc.inconv.1", [2] = "inc.inconv.2", [4] = "down1.down.0",   [5] = "down1.down.1",
        [7] = "down2.down.0", [8] = "down2.down.1", [10] = "up1.up.0",      [11] = "up1.up.1",
        [13] = "up2.up.0",    [14] = "up2.up.1",    [17] = "outc.outconv.1"};
    enum { FIRST_BLOCK = 10 };
    int blocks = 0, place = 0, used = 0;

    for (int k = 0; k < g->node_count; k++)
        blocks += g->nodes[k].kind == P2P_NODE_ADD;
    if (sscanf(g->params[i].name, "model.%d.%n", &place, &used) != 1 || !used)
        return false;
    const char *rest = g->params[i].name + used;
    if (place >= FIRST_BLOCK && place < FIRST_BLOCK + blocks) {
        snprintf(name, P2P_EXCHANGE_NAME, "%sresblocks.%d.%s", prefix, place - FIRST_BLOCK, rest);
        return true;
    }
    place -= place < FIRST_BLOCK ? 0 : blocks;
    if (place < 0 || place >= (int)P2P_COUNT(layers) || !layers[place])
        return false;
    snprintf(name, P2P_EXCHANGE_NAME, "%s%s.%s", prefix, layers[place], rest);
    return true;
}
