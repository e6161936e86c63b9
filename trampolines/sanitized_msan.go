//go:build msan

package trampolines

// The go command leaves out objects like Gangway's under -msan, because they are not compiled with it: calls would be
// undefined functions to C's linker. So the build ends here, in words. (Linked all the same, the memory sanitizer takes
// for uninitialised what the C core has written.)
const sanitized = Gangway_cannot_be_built_with_msan_which_leaves_out_the_object_of_its_C_core
