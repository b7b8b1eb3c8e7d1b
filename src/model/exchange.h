/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The networks in other programs' words: the names of their tensors, and what can be told of a
 * network from names and shapes alone.
 */
#ifndef P2P_MODEL_EXCHANGE_H
#define P2P_MODEL_EXCHANGE_H

#include "src/options/options.h"
#include "src/formats/tensor_file.h"
#include "src/graph/net.h"

enum { P2P_EXCHANGE_NAME = 512, P2P_EXCHANGE_PREFIX = 256 };

/** A network among the tensors of a file. */
typedef struct P2pExchangeNet {
    P2pTask task;
    bool mrzhu;                       /* its names are pix2pix-pytorch's */
    char prefix[P2P_EXCHANGE_PREFIX]; /* of all its names: "", "module.", "state_dict.netG." */
    bool partner;                     /* there is one of the other kind, too */
    char other[P2P_EXCHANGE_PREFIX];  /* prefix of a further one of the same kind; else "" */
} P2pExchangeNet;

/**
 * Find a network whose tensors have the names of PyTorch's state_dict in
 * pytorch-CycleGAN-and-pix2pix, behind any prefix; graph parameters have the same names. Or in mrzhu-cool's
 * pix2pix-pytorch, whose generator has others, but for those of 2017.
 *
 * @param wanted   Preferred where there are both.
 * @param options  Those that names and shapes tell of are set.
 * @return 0; P2P_EFORMAT: no network that is known.
 */
int p2p_exchange_infer_pytorch(const P2pTensorFile *file, P2pTask wanted, P2pOptions *options,
                               P2pExchangeNet *found);

/** Name of a parameter of a ResNet in pix2pix-pytorch, behind a prefix; false when it has no such. */
bool p2p_exchange_mrzhu_name(const P2pGraph *graph, int i, const char *prefix,
                             char name[P2P_EXCHANGE_NAME]);

/** The networks of pix2pix-tensorflow in a file. */
typedef struct P2pExchangeTensorflow {
    bool early; /* named as before December 2017; it has no biases then */
    bool generator, discriminator;
} P2pExchangeTensorflow;

/** The same for pix2pix-tensorflow's. */
int p2p_exchange_infer_tensorflow(const P2pTensorFile *file, P2pOptions *options,
                                  P2pExchangeTensorflow *found);

/** Name of a parameter of a U-Net or PatchGAN in pix2pix-tensorflow; false when it has no such. */
bool p2p_exchange_tensorflow_name(const P2pGraph *graph, int i, bool early,
                                  char name[P2P_EXCHANGE_NAME]);

/** Whether pix2pix-tensorflow can hold this network: its own U-Net with that norm and biases. */
bool p2p_exchange_fits_tensorflow(const P2pGraph *graph);

/**
 * Turn weights of a convolution between pix2pix-tensorflow's order and the exchange order: the axes
 * [R,S,A,B] <-> [B,A,R,S], and the inputs of decoders, [up, skip] <-> [skip, up].
 */
void p2p_exchange_from_tensorflow(const P2pGraph *graph, int i, const float *from, float *to);
void p2p_exchange_to_tensorflow(const P2pGraph *graph, int i, const float *from, float *to);

/**
 * Find the options of a network of phillipi's pix2pix (p2p_t7_read()'s names), and its task.
 *
 * @return 0; P2P_EFORMAT: no such network.
 */
int p2p_exchange_infer_torch7(const P2pTensorFile *file, P2pOptions *options, P2pTask *task);

/** Name of parameter i there; false when the graph has no such. */
bool p2p_exchange_torch7_name(const P2pGraph *graph, int i, char name[P2P_EXCHANGE_NAME]);

/** Turn a parameter into the exchange order: blue first and [up, skip] become ours. */
void p2p_exchange_from_torch7(const P2pGraph *graph, int i, const float *from, float *to);

/* What was found out, as options; for the files of this kind alone. Impossible numbers are left out. */
void p2p_exchange_tell(P2pOptions *options, const char *name, int value);
void p2p_exchange_tell_word(P2pOptions *options, const char *name, const char *value);

#endif
