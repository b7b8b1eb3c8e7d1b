# seeds DATA NAME: the files of the tests that a fuzz target begins with, one a line.
seeds() {
    case $2 in
    safetensors) ls "$1"/exchange/views.io.safetensors ;;
    model) ls "$1"/exchange/views.io.safetensors "$1"/foreign/* "$1"/../fuzz/corpus/pth/unet.pth ;;
    pth) ls "$1"/hostile/*.pth "$1"/exchange/views*.pth "$1"/exchange/module*.pth ;;
    pickle) ls "$1"/hostile/legacy_*.pth ;;
    pict) ls "$1"/hostile/*.pict ;;
    t7) ls "$1"/foreign/*.t7 ;;
    image) ls "$1"/*.png "$1"/pictures/*.png "$1"/pictures/*.jpg "$1"/upright/*.??g "$1"/profiles/*.??g ;;
    tiff | webp | plain) ls "$1/$2"/* | grep -v 'txt$' ;;
    esac
}
