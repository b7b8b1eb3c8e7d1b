/* SPDX-License-Identifier: BSD-2-Clause */
/* What a driver's version does not tell of it. */
#ifndef P2P_DEVICE_DRIVER_H
#define P2P_DEVICE_DRIVER_H

/** To be called before the first call of OpenCL; later ones do nothing. */
void p2p_driver_begin(void);
/**
 * A hash of the system's release and of the shared libraries that OpenCL has loaded into this process:
 * path, size and time. Drivers, and compilers that they bring, are updated under the same version.
 */
unsigned long long p2p_driver_hash(void);

#endif
