/* Translate a picture: translate MODEL INPUT OUTPUT */
#include <p2p/p2p.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    const P2pDeviceSettings settings = {0}; /* the best device */
    P2pDevice *device = NULL;
    P2pModel *model = NULL;
    P2pImage in = {0}, out = {0};

    if (argc != 4)
        return 2;
    int err = p2p_device_open(&device, &settings);
    if (!err)
        err = p2p_model_open(&model, device, argv[1], NULL);
    if (!err)
        err = p2p_image_read(&in, argv[2], 0);
    if (!err)
        err = p2p_model_translate(model, &in, &out);
    if (!err)
        err = p2p_image_write(&out, argv[3], 0);
    if (err)
        fprintf(stderr, "%s\n", p2p_error());
    p2p_image_finish(&in);
    p2p_image_finish(&out);
    p2p_model_close(&model);
    p2p_device_close(&device);
    return err ? 1 : 0;
}
