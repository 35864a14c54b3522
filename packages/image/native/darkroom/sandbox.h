// What runs from here on is the image's code: all it may do is use memory, tell the time, write to the
// descriptors it is given, and end.
#ifndef AFTERIMAGE_SANDBOX_H
#define AFTERIMAGE_SANDBOX_H

// Ends the program when the kernel gives no sandbox: an image is never run without one.
void sandbox_enter(void);

#endif
