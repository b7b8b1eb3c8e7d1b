/* SPDX-License-Identifier: BSD-2-Clause */
/** pix2pix-cl: the whole public interface. */
#ifndef P2P_P2P_H
#define P2P_P2P_H

#include "p2p/bench.h"
#include "p2p/comm.h"
#include "p2p/common.h"
#include "p2p/data.h"
#include "p2p/device.h"
#include "p2p/export.h"
#include "p2p/image.h"
#include "p2p/labels.h"
#include "p2p/model.h"
#include "p2p/options.h"
#include "p2p/prepare.h"
#include "p2p/report.h"
#include "p2p/train.h"

#endif
