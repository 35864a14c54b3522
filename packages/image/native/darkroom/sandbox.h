// From here on the image's code runs: it may only use memory, read the time, write to its given descriptors, and end.
#ifndef AFTERIMAGE_SANDBOX_H
#define AFTERIMAGE_SANDBOX_H

// Ends the program if the kernel does not provide a sandbox: an image never runs without one.
void sandbox_enter(void);

#endif
