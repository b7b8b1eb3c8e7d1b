g
"serveL
*
!generator/encoder_1/conv2d/kernelConst

generator/xPlaceholder"
save/Const:0