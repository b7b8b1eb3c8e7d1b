/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Measuring: a training step, a translation, the device's peaks. Compilation and warm-up are apart.
 * A measurement keeps the device to itself (see p2p/device.h); nothing else should run beside it.
 */
#ifndef P2P_BENCH_H
#define P2P_BENCH_H

#include "p2p/comm.h"
#include "p2p/common.h"
#include "p2p/device.h"
#include "p2p/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Zero means default. */
typedef struct P2pBenchSettings {
    const char *netG, *netD; /**< unet_256, basic */
    const char *norm;        /**< batch or instance; default batch */
    int ngf, ndf;            /**< 64 */
    int batch_size;          /**< 1 */
    int size;                /**< pixels, 256 */
    int steps;               /**< counted ones, 10; 3 more are warm-up */
    const char *dtype;       /**< of the weights in translating: f32, f16, q8; default f32 */
    const char *variants;    /**< as --variant; NULL: by the rule */
    const char *precision;   /**< f32, tf32 or f16, as --precision; default f32 */
    /** Of training: the ranks that share it, batch_size being the job's; NULL: there are none. All call
     *  p2p_bench_train() then, and each gets its own times. */
    P2pComm *comm;
    const char *shares; /**< as --shares */
    bool f16_gradients; /**< as --compress f16 */
    bool sync_norm;
    const char *shard_adam; /**< auto, on or off, as --shard_adam; NULL: auto */
} P2pBenchSettings;

/** One pass of the plan with the time of one run (devices opened with profile). */
typedef struct P2pBenchRow {
    char label[48], pass[24], variant[24], shape[48];
    double seconds, gflop; /**< gflop: of the direct algorithm, 0 where not a convolution */
    double made_gflop;     /**< as its variant makes it */
    double gb, work_gb;    /**< of all operands, each once; of scratch memory; 1e9 bytes */
    int form;              /**< of the variant, 0: it has but one */
    bool measured;         /**< chosen since it was measured to be the fastest */
} P2pBenchRow;

/** A launch of a pass, with the time of its shortest run (devices opened with profile). */
typedef struct P2pBenchLaunch {
    int row;       /**< its pass, of P2pBenchResult.rows */
    size_t groups; /**< 0: the host's, or as the driver chooses */
    double seconds;
    char kernel[48];
} P2pBenchLaunch;

typedef struct P2pBenchResult {
    double median_s, min_s, max_s;
    double host_s;         /**< of a training step, until all is enqueued: the shortest */
    double setup_s;        /**< building, compiling and warm-up */
    double gflop;          /**< of a step, by the direct algorithm */
    size_t plan_bytes;     /**< memory on the device */
    size_t gradient_bytes; /**< of all networks, as they travel between ranks */
    /* Of ranks, means of a step; 0: there are none. */
    size_t sent_bytes; /**< by this rank */
    double comm_s;     /**< from the first bucket of gradients to the last sum */
    double exposed_s;  /**< of that, when the device had nothing else to do */
    P2pBenchRow *rows; /**< of the plan; free by p2p_bench_result_finish */
    P2pBenchLaunch *launches;
    int row_count, launch_count;
} P2pBenchResult;

/** Time of each pass of a step, on devices opened with profile; *rows in fresh memory (free() it). */
P2P_API int p2p_trainer_profile(P2pTrainer *trainer, P2pBenchRow **rows, int *count);

/** Train on random pictures; a step ends when the device has finished it. */
P2P_API int p2p_bench_train(P2pDevice *device, const P2pBenchSettings *settings,
                            P2pBenchResult *result);
/** Translate a random picture that is on the host before and after. */
P2P_API int p2p_bench_translate(P2pDevice *device, const P2pBenchSettings *settings,
                                P2pBenchResult *result);
P2P_API void p2p_bench_result_finish(P2pBenchResult *result);

/** Zero means default. */
typedef struct P2pBenchFolderSettings {
    int steps;            /**< pictures at least: the folder is gone through again */
    size_t max_pixels;    /**< see p2p_image_read */
    int threads;          /**< see p2p_model_translate_all */
    const char *variants; /**< as --variant; NULL: by the rule */
} P2pBenchFolderSettings;

/** A folder's rate, and times of a picture whose parts follow each other. */
typedef struct P2pBenchFolder {
    size_t pictures;       /**< counted ones, each once by itself and once within the folder */
    double pictures_per_s; /**< of the whole folder by p2p_model_translate_all */
    double
        device_per_s; /**< of the device by itself: from the mean, where device_s is the median */
    double median_s, min_s, max_s;
    double decode_s; /**< median: from the file to samples */
    double device_s; /**< median: resizing, upload, network, download, rounding */
    double encode_s; /**< median: to a PNG in memory; nothing is written */
    double setup_s;  /**< opening the model and translating one picture before */
} P2pBenchFolder;

/** Translate the pictures of a folder as p2p-translate does. */
P2P_API int p2p_bench_folder(P2pDevice *device, const char *model, const char *folder,
                             const P2pBenchFolderSettings *settings, P2pBenchFolder *result);

typedef struct P2pPeak {
    double gflops;    /**< f32 multiply-adds in registers, two operations each */
    double copy_gb_s; /**< bytes read plus bytes written */
    double launch_s;  /**< from the end of a small launch to that of the next */
} P2pPeak;

/** Measure with small kernels; takes about a second. */
P2P_API int p2p_bench_peak(P2pDevice *device, P2pPeak *peak);

/** A pass on a device of more compute units. */
typedef struct P2pForecast {
    double here_s;    /**< measured, on the units at hand */
    double seconds;   /**< forecast */
    double longest_s; /**< measured, of its longest launch */
    size_t groups;    /**< of that; 0: the host's, or as the driver chooses */
} P2pForecast;

/**
 * What each pass would take on a device of `units` compute units, by its groups: each unit takes one
 * after the other, a launch ends with its last, and costs launch_s besides. What units share, memory
 * and caches, is left out.
 *
 * @param result  Of a device opened with profile and compute_units = units, so that its launches have
 *                the groups that such a device would get; measured on `here` units.
 * @param rows    Fresh array of result->row_count entries; free() it.
 * @return 0; P2P_EINVAL; P2P_ENOMEM.
 */
P2P_API int p2p_bench_forecast(const P2pBenchResult *result, int here, int units, double launch_s,
                               P2pForecast **rows);

/* ---- Ranks on paper ------------------------------------------------------------------------- */

/** What is measured of one rank. */
typedef struct P2pScalingFacts {
    double step_s;    /**< of its batch, without other ranks */
    double window_s;  /**< of that, what is left of a step when the first gradients are there */
    int batch;        /**< pictures */
    size_t bytes;     /**< of gradients as they travel */
    double latency_s; /**< of a message */
    double
        adam_s; /**< of step_s, what Adam takes by its memory traffic, whatever the batch: less than step_s */
    size_t weight_bytes; /**< of weights as they travel */
} P2pScalingFacts;

/**
 * How sums go around: by slices (a ring, or as this library does it), or along a binary tree and back; or by
 * slices that each rank updates, and weights for their way back (--shard_adam).
 */
typedef enum P2pScalingWay {
    P2P_SCALING_RING,
    P2P_SCALING_TREE,
    P2P_SCALING_SHARDED,
    P2P_SCALING_WAYS
} P2pScalingWay;

typedef struct P2pScalingPoint {
    double comm_s, exposed_s; /**< of a step: all messages, and what the window does not hide */
    double weak;              /**< efficiency where each rank keeps its batch */
    double strong;            /**< the same where a batch of P2P_SCALING_BATCH is divided */
    double half_batch;        /**< pictures a rank needs for an efficiency of one half */
} P2pScalingPoint;

enum { P2P_SCALING_BATCH = 64, P2P_SCALING_RANKS = 64 };

/** What so many ranks would make of it over links of so many Gbit/s each; ranks and facts above 0. */
P2P_API P2pScalingPoint p2p_bench_scaling(const P2pScalingFacts *facts, P2pScalingWay way,
                                          double gbit_s, int ranks);
/** Draw both efficiencies up to 64 ranks as SVG, over 1, 10 and 100 Gbit/s, for each way. */
P2P_API int p2p_bench_scaling_draw(const char *path, const P2pScalingFacts *facts,
                                   const char *title);

/**
 * Draw a roofline as SVG: each convolution that has a time as a point (arithmetic intensity against
 * speed) below the device's peaks. The file appears whole or not at all.
 *
 * @param rows  Of a device opened with profile; other passes are left out.
 */
P2P_API int p2p_bench_roofline(const char *path, const P2pBenchRow *rows, int count,
                               const P2pPeak *peak, const char *title);

#ifdef __cplusplus
}
#endif
#endif
