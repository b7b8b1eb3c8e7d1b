/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Types of a tensor's elements. Valid as C and as OpenCL C; numbers, since kernels ask in #if.
 *
 * Q8, of weights alone: one signed byte each, times a float of its output; those scales, padded to whole
 * blocks, stand behind the elements at the next multiple of 4 bytes.
 */
#ifndef P2P_CL_ELEMENT_TYPES_H
#define P2P_CL_ELEMENT_TYPES_H

#define P2P_TYPE_F32 0
#define P2P_TYPE_F16 1
#define P2P_TYPE_BF16 2
#define P2P_TYPE_Q8 3

#endif
