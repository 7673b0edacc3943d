#include "kernel/daemon/program.hpp"

int main(int argc, char** argv) {
    bh::life::Boundaries none;
    return bh::daemon::run_program(argc, argv, none);
}
