// blockhost-plugin-check: see README.md.
#include "plugin-api/check/cli.hpp"

int main(int argc, char** argv) { return bh::check::run_cli(argc, argv, {bh::check::in_process_mode()}); }
