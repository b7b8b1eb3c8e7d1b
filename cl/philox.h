/* SPDX-License-Identifier: BSD-2-Clause */
/* Constants of Philox4x32-10 (Salmon et al. 2011, Random123). Valid as C and as OpenCL C. */
#ifndef P2P_CL_PHILOX_H
#define P2P_CL_PHILOX_H

#define PHILOX_ROUNDS 10
#define PHILOX_M0 0xD2511F53u /* multipliers */
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u /* what is added to the key after each round */
#define PHILOX_W1 0xBB67AE85u
#define PHILOX_KEY 0x70327032u /* second word of the key of every stream: "p2p2" */

#endif
