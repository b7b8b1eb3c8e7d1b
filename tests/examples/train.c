/* Train on a folder of pairs: train DATAROOT NAME STEPS */
#include <p2p/p2p.h>
#include <stdio.h>

static void show(void *user, const P2pTrainProgress *p)
{
    (void)user;
    printf("step %ld:", p->step);
    for (int i = 0; i < p->loss_count; i++)
        printf(" %s %.3f", p->loss_names[i], p->losses[i]);
    printf("\n");
}

int main(int argc, char **argv)
{
    const P2pDeviceSettings settings = {0}; /* the best device */
    const P2pTrainEvents events = {.progress = show};
    P2pDevice *device = NULL;
    P2pTrainer *trainer = NULL;
    P2pOptions *options = NULL;

    if (argc != 4)
        return 2;
    const char *const wanted[][2] = {
        {"dataroot", argv[1]}, {"name", argv[2]},    {"max_steps", argv[3]}, {"direction", "BtoA"},
        {"print_freq", "1"},   {"overwrite", "1"},   {"netG", "unet_128"},   {"ngf", "8"},
        {"ndf", "8"},          {"load_size", "143"}, {"crop_size", "128"},
    };
    int err = p2p_options_create(&options);
    for (size_t i = 0; !err && i < sizeof(wanted) / sizeof(wanted[0]); i++)
        err = p2p_options_set(options, wanted[i][0], wanted[i][1]);
    if (!err)
        err = p2p_device_open(&device, &settings);
    if (!err)
        err = p2p_trainer_create(&trainer, device, options);
    if (!err)
        err = p2p_trainer_run(trainer, &events);
    if (err)
        fprintf(stderr, "%s\n", p2p_error());
    p2p_trainer_destroy(&trainer);
    p2p_device_close(&device);
    p2p_options_destroy(&options);
    return err ? 1 : 0;
}
