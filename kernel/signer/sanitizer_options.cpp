// Built in with the sanitizers only.
//
// LeakSanitizer looks for leaks by ptrace when the process ends, and a process that is not dumpable can't be traced,
// not even by itself: it would end with an error that says nothing about leaks. And a signal from outside stays a
// signal, so that the test of a crash sees what a crash does.
extern "C" const char* __lsan_default_options();
extern "C" const char* __lsan_default_options() { return "detect_leaks=0"; }
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "handle_segv=0:handle_abort=0:disable_coredump=0"; }
