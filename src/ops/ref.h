/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * References in plain C, double precision, dense [n,c,h,w] arrays: what each pass means. See
 * P2pPass.ref in src/ops/op.h for the arguments. They know nothing of devices.
 */
#ifndef P2P_OPS_REF_H
#define P2P_OPS_REF_H

#include "src/ops/op.h"

/* ref_pointwise.c */
void p2p_ref_act_bwd(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_copy(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_add(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_join(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_hole(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_fill(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_pad_fwd(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_pad_bwd(const P2pCall *call, double *const host[], double *mag);

/* ref_resample.c, ref_depthwise.c */
void p2p_ref_upsample_fwd(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_upsample_bwd(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_depthwise_fwd(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_depthwise_dgrad(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_depthwise_wgrad(const P2pCall *call, double *const host[], double *mag);

/* ref_spectral.c */
void p2p_ref_spectral_fwd(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_spectral_bwd(const P2pCall *call, double *const host[], double *mag);

/* ref_norm.c */
void p2p_ref_channel_sum(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_norm_stats(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_norm_running(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_norm_act_fwd(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_norm_act_sums(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_norm_act_bwd(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_norm_fwd(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_norm_bwd(const P2pCall *call, double *const host[], double *mag);

/* ref_penalty.c */
void p2p_ref_mix(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_penalty(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_norm_tangent_sums(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_norm_tangent_bwd(const P2pCall *call, double *const host[], double *mag);

/* ref_loss.c, ref_adam.c, ref_pool.c */
void p2p_ref_pool(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_loss(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_adam(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_squares(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_ema(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_loss_scale(const P2pCall *call, double *const host[], double *mag);

/* ref_augment.c */
void p2p_ref_tint(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_move_fwd(const P2pCall *call, double *const host[], double *mag);
void p2p_ref_move_bwd(const P2pCall *call, double *const host[], double *mag);

/** Activation, and what of dy passes it where y came out. NaN stays NaN, as in PyTorch. */
double p2p_ref_activate(double v, P2pAct act, double slope);
double p2p_ref_activate_gradient(double dy, double y, P2pAct act, double slope);

/** Word i of the hyper tensor, which holds bits of 32-bit numbers. */
uint32_t p2p_ref_hyper_word(const double *hyper, int i);

#endif
