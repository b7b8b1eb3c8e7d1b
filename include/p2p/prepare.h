/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * Preparing data sets: whole folders of pictures changed, joined, split, looked through; measuring a
 * folder of results against its targets. Names are compared before the first picture is read, no
 * picture that is read is ever written over, and what comes out does not depend on the threads.
 *
 * Nothing here knows of devices. Each function may be called from any thread.
 */
#ifndef P2P_PREPARE_H
#define P2P_PREPARE_H

#include <stdbool.h>

#include "p2p/common.h"
#include "p2p/data.h"
#include "p2p/image.h"
#include "p2p/labels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Folders to folders ---------------------------------------------------------------------- */

/** Zero means default. */
typedef struct P2pPrepareSettings {
    P2pImageFormat format; /**< of the results, default PNG */
    int quality;           /**< of JPEG, see p2p_image_write */
    size_t max_pixels;     /**< see p2p_image_read */
    int threads;           /**< 0: in the calling thread */
    bool no_exif;          /**< pictures as stored, not p2p_image_upright() */
    bool skip_bad;         /**< pictures that cannot be used are no failure unless all are */
    bool dry_run;      /**< write nothing: a line of what would be for each to the log, at INFO */
    const P2pLog *log; /**< what cannot be used, what kinds of files are ignored; may be NULL */
} P2pPrepareSettings;

typedef struct P2pPrepareReport {
    size_t written, bad; /**< results, and such that could not be made */
} P2pPrepareReport;

/**
 * Make out of in; called from several threads at once.
 *
 * @param out  Empty; finished by the caller also after a failure.
 * @return 0, or a failure: of the picture alone, but for P2P_ENOMEM.
 */
typedef int (*P2pChange)(void *user, const P2pImage *in, P2pImage *out);

/**
 * Change each picture of a folder, with its subfolders as p2p_folder_pictures() lists them, into one of
 * the same name in folder_out; a folder_out within the folder is left out of it. A picture that cannot be
 * read or changed does not keep the others from being written. Existing results are overwritten.
 *
 * @param settings  NULL for all defaults.
 * @param report    Set also after a failure; may be NULL.
 * @return P2P_OK.
 *         P2P_EINVAL: a result would overwrite one of the pictures (both named).
 *         P2P_EFORMAT: two pictures of one name (named), no pictures; or some that cannot be used, after
 *         all others were: each went to the log.
 *         P2P_EIO, P2P_ENOMEM, P2P_ESTOPPED.
 */
P2P_API int p2p_prepare_folder(const char *folder, const char *folder_out, P2pChange change,
                               void *user, const P2pPrepareSettings *settings, P2pProgress progress,
                               void *progress_user, P2pPrepareReport *report);

/**
 * The same with the pictures of two folders, paired by name (the suffix may differ), as A|B pictures:
 * A/train/1.png and B/train/1.jpg give OUT/train/1.png. Pairs of unlike channels or bits get the
 * greater of both; a picture without partner is P2P_EFORMAT.
 */
P2P_API int p2p_data_combine(const char *folder_a, const char *folder_b, const char *folder_out,
                             const P2pPrepareSettings *settings, P2pProgress progress, void *user,
                             P2pPrepareReport *report);

/**
 * Pairs of the Cityscapes data set as pytorch-CycleGAN-and-pix2pix trains on them: photographs (A,
 * PHOTOS/PHASE/CITY/X_leftImg8bit.png) beside their label maps (B, LABELS/PHASE/CITY/X_gtFine_color.png),
 * both resized to size squared, as OUT/PHASE/X.png of the phases train and val.
 */
P2P_API int p2p_prepare_cityscapes(const char *labels, const char *photos, const char *folder_out,
                                   int size, const P2pPrepareSettings *settings,
                                   P2pProgress progress, void *user, P2pPrepareReport *report);

/** Zero means default. */
typedef struct P2pSplitSettings {
    uint32_t seed;
    double val, test; /**< shares of the pictures, rounded; together below 1 */
} P2pSplitSettings;

/**
 * Copy the pictures of a folder, as they are, into folder_out/train, /val and /test, drawn by the seed
 * and the names alone. Of a folder that holds A and B with pictures of equal names, partners
 * stay together: folder_out/A/train, folder_out/B/train and so on, which p2p_dataset_create() knows.
 */
P2P_API int p2p_prepare_split(const char *folder, const char *folder_out,
                              const P2pSplitSettings *split, const P2pPrepareSettings *settings,
                              P2pProgress progress, void *user, P2pPrepareReport *report);

/* ---- Changes of one picture ------------------------------------------------------------------ */

typedef enum P2pFit {
    P2P_FIT_CROP,    /**< cover the size, then cut the middle out */
    P2P_FIT_PAD,     /**< fit into the size, then black (transparent where there is alpha) around */
    P2P_FIT_STRETCH, /**< both sides as they come */
} P2pFit;

/** Bring a picture to a size. P2P_EINVAL: an impossible one; P2P_ENOMEM. */
P2P_API int p2p_image_fit(const P2pImage *in, int width, int height, P2pFit fit, P2pFilter filter,
                          P2pImage *out);

/**
 * A white rectangle in the middle, of a share of both sides, as pix2pix-tensorflow's `blank` for
 * inpainting (its share is 0.3). Alpha stays. P2P_EINVAL: a share outside of 0 to 1; P2P_ENOMEM.
 */
P2P_API int p2p_image_blank(const P2pImage *in, double share, P2pImage *out);

/** Zero means default. */
typedef struct P2pEdgeSettings {
    double sigma; /**< of the smoothing, pixels, default 1.4 */
    double low,
        high;  /**< of the gradient, 0 to 255: an edge begins above high (default 12) and goes
                           on above low (default 5) */
    bool hed;  /**< the picture is how surely each pixel is an edge (HED, 0 to 255): no gradient is
                           taken, high is by default 25 and low equal to it */
    int least; /**< pixels of an edge; smaller ones vanish; default 5, or 1 for none */
} P2pEdgeSettings;

/**
 * Edges of a picture, one pixel wide, black on white (1 channel, 8 bits): Canny 1986 (IEEE PAMI 8(6)).
 * Of HED's results (Xie and Tu 2015) what the paper's edges data sets are made of: thresholded, thinned
 * (Zhang and Suen 1984), small parts removed.
 *
 * @param settings  NULL for all defaults.
 * @return 0; P2P_EINVAL: sigma outside of 0.3 to 30, low above high; P2P_ENOMEM.
 */
P2P_API int p2p_image_edges(const P2pImage *in, const P2pEdgeSettings *settings, P2pImage *out);

/* ---- Looking through a folder ---------------------------------------------------------------- */

typedef enum P2pFindingKind {
    P2P_FINDING_UNUSABLE,  /**< cannot be read */
    P2P_FINDING_ALONE,     /**< in A/ or B/ without a partner in the other */
    P2P_FINDING_UNLIKE,    /**< the partner in B/ has another size */
    P2P_FINDING_DUPLICATE, /**< the same samples as an earlier picture */
} P2pFindingKind;

/** text: one line that begins with the picture's path. */
typedef void (*P2pFinding)(void *user, P2pFindingKind kind, const char *text);

/** Pictures of one kind. */
typedef struct P2pPictureKind {
    int width, height, channels, bits;
    size_t count;
} P2pPictureKind;

/** What a folder holds; release by p2p_survey_finish(). */
typedef struct P2pSurvey {
    size_t pictures, usable;
    size_t findings[4];    /**< by P2pFindingKind */
    P2pPictureKind *kinds; /**< the most frequent first */
    size_t kind_count;
    double mean[4],
        deviation[4]; /**< of all samples of the pictures that have the channel, 0 to 255 */
} P2pSurvey;

/**
 * Read every picture of a folder, with its subfolders. finding is called for each that is not as it
 * should be, from the calling thread, in order of the names; it may be NULL.
 *
 * @param survey  Overwritten; empty after a failure.
 * @return 0, whatever was found; P2P_EFORMAT: there are no pictures; P2P_EIO, P2P_ENOMEM, P2P_ESTOPPED.
 */
P2P_API int p2p_survey(P2pSurvey *survey, const char *folder, const P2pPrepareSettings *settings,
                       P2pFinding finding, void *finding_user, P2pProgress progress, void *user);
P2P_API void p2p_survey_finish(P2pSurvey *survey);

/** Draw the sizes of a survey's pictures as SVG, an area for each count: whole or not at all. P2P_EIO. */
P2P_API int p2p_survey_draw(const P2pSurvey *survey, const char *path);

/* ---- Results against targets ----------------------------------------------------------------- */

/** Zero means default. */
typedef struct P2pMeasureSettings {
    const P2pLabels
        *labels; /**< outputs are label maps of this table: class measures too; or NULL */
    size_t max_pixels;
    int threads;
    const P2pLog *log;
} P2pMeasureSettings;

typedef struct P2pMeasured {
    size_t count;
    P2pMetrics mean; /**< over the pictures; PSNR of equal ones counts as 99, NaNs not at all */
    P2pLabelScores scores; /**< over all pixels; NaN without labels */
} P2pMeasured;

/** Called for each picture in order of the names, from the calling thread. */
typedef void (*P2pMeasure)(void *user, const char *name, const P2pMetrics *metrics);

/**
 * Compare the pictures of two folders, paired by name. Without targets the results are a folder of
 * p2p-test or of pytorch-CycleGAN-and-pix2pix: X_fake_B is compared with X_real_B, else
 * X_fake_B_rgb with X_real_B_rgb, X_output with X_target.
 *
 * @return 0; P2P_EFORMAT: a picture without partner, of another size, unreadable (named); no
 *         pictures; P2P_EIO, P2P_ENOMEM, P2P_ESTOPPED.
 */
P2P_API int p2p_measure_folder(P2pMeasured *out, const char *results, const char *targets,
                               const P2pMeasureSettings *settings, P2pMeasure each, void *each_user,
                               P2pProgress progress, void *user);

#ifdef __cplusplus
}
#endif
#endif
