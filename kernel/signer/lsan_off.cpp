// Built in with the sanitizers only. LeakSanitizer looks for leaks by ptrace when the process ends, and a process that
// is not dumpable can't be traced, not even by itself: it would end with an error that says nothing about leaks.
extern "C" const char* __lsan_default_options();
extern "C" const char* __lsan_default_options() { return "detect_leaks=0"; }
