/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of networks and what can be chosen about them. */
#ifndef P2P_NETS_NETS_H
#define P2P_NETS_NETS_H

#include "src/graph/graph.h"

typedef enum P2pUpsample {
    P2P_UPSAMPLE_TRANSPOSED, /* a transposed convolution */
    P2P_UPSAMPLE_NEAREST,    /* resizing, then a 3x3 convolution (Odena et al. 2016) */
    P2P_UPSAMPLE_BILINEAR
} P2pUpsample;

/** Zero means default where a zero makes no sense. */
typedef struct P2pNetSpec {
    const char *name;        /* an entry of the list */
    int input_nc, output_nc; /* discriminators: output_nc is not used */
    int nf;                  /* ngf or ndf: channels of the first layer */
    int levels;              /* U-Nets, ResNets' blocks: 0: by the name; discriminators: n_layers */
    P2pNorm norm;
    bool dropout;
    /* How the peers' U-Nets differ from the default. */
    bool innermost_norm;  /* a norm at the innermost encoder level too */
    bool paper_dropout;   /* dropout at the innermost decoder levels 1..3, not at 2..4 */
    bool all_bias;        /* every convolution has a bias */
    bool relu_after_add;  /* ResNet: a ReLU after each block's sum */
    bool zero_padding;    /* ResNet: pictures are padded by zeros, not by reflection */
    P2pUpsample upsample; /* how decoders get to twice the size */
    bool spectral;        /* discriminators: spectral norm in the place of others */
    bool separable;       /* U-Net: each convolution in two, of channels and of pixels */
} P2pNetSpec;

/** Build a network. P2P_EINVAL: unknown name or impossible choice; the message names those that are known. */
int p2p_nets_build(P2pGraph **out, const P2pNetSpec *spec);

/* The builders behind the list; all use these numbers: PyTorch's norms, the paper's LeakyReLU. */
#define P2P_NETS_NORM_EPS 1e-5f
#define P2P_NETS_NORM_MOMENTUM 0.1f
#define P2P_NETS_LEAKY_SLOPE 0.2f
int p2p_build_unet(P2pGraph *g, const P2pNetSpec *spec, int levels, bool skips);
int p2p_build_resnet(P2pGraph *g, const P2pNetSpec *spec, int blocks);
int p2p_build_patchgan(P2pGraph *g, const P2pNetSpec *spec, int layers);
int p2p_build_pixel(P2pGraph *g, const P2pNetSpec *spec);

#endif
