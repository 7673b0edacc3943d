// For tests: a kernel whose launcher runs qemu-img directly, a call, and a directory that is gone afterwards.
#pragma once

#include "plugins/storage-dir/storage_dir.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace storage_dir::testing {

inline bh::RunResult run_program(const std::string& program, const std::vector<std::string>& args) {
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const auto& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    char out[] = "/tmp/bh-out-XXXXXX", err[] = "/tmp/bh-err-XXXXXX";
    const int out_fd = ::mkstemp(out), err_fd = ::mkstemp(err);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out_fd, 1);
    posix_spawn_file_actions_adddup2(&actions, err_fd, 2);
    pid_t pid = 0;
    REQUIRE(posix_spawnp(&pid, program.c_str(), &actions, nullptr, argv.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    ::waitpid(pid, &status, 0);
    const auto read = [](const char* path) {
        std::ifstream file{path, std::ios::binary};
        return bh::Bytes{std::istreambuf_iterator<char>{file}, {}};
    };
    bh::RunResult result{WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(out), read(err)};
    ::close(out_fd);
    ::close(err_fd);
    ::unlink(out);
    ::unlink(err);
    return result;
}

class Kernel {
public:
    [[nodiscard]] bh::sdk::Kernel kernel() const { return bh::sdk::Kernel{kernel_}; }
    int runs = 0;  // of qemu-img

private:
    static const void* service(const bh_kernel* kernel, const char* id) noexcept {
        (void)kernel;
        return std::string_view{id} == BH_SVC_LAUNCH ? &kLaunch : nullptr;
    }
    static bh_status run(const bh_kernel* kernel, bh_str request, std::uint64_t, bh_sink out, bh_error*) noexcept {
        ++static_cast<Kernel*>(kernel->ctx)->runs;
        const auto parsed = bh::parse_run_request(bh::sdk::view(request));
        const std::string text = bh::to_json(run_program(parsed->program, parsed->args));
        return out.write(out.ctx, text.data(), text.size());
    }
    static constexpr bh_svc_launch kLaunch{sizeof(bh_svc_launch), 0, nullptr, nullptr, nullptr, nullptr, run};
    bh_kernel kernel_{sizeof(bh_kernel), 0, this, {"dir", 3}, service};
};

// A call of one op_id that may be told to stop.
class Call {
public:
    explicit Call(std::string op_id) : op_id_{std::move(op_id)} { call_.op_id = bh::sdk::str(op_id_); }
    operator bh::sdk::Call() const { return bh::sdk::Call{call_}; }  // NOLINT: as an argument
    std::uint32_t stop = BH_CANCEL_NONE;

private:
    static const Call& of(const bh_call* call) noexcept { return *static_cast<const Call*>(call->ctx); }
    std::string op_id_;
    bh_call call_{sizeof(bh_call),
                  1,
                  {},
                  {"t", 1},
                  {},
                  0,
                  -1,
                  0,
                  this,
                  [](const bh_call* c) noexcept -> std::int32_t { return of(c).stop != BH_CANCEL_NONE; },
                  [](const bh_call* c) noexcept { return of(c).stop; },
                  [](const bh_call*, std::uint32_t, bh_str) noexcept {},
                  [](const bh_call*, bh_bytes, bh_error*) noexcept -> bh_status { return BH_OK; }};
};

struct World {
    World() {
        char pattern[] = "/tmp/bh-storage-XXXXXX";
        path = ::mkdtemp(pattern);
    }
    ~World() { std::filesystem::remove_all(path); }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    std::unique_ptr<StorageDir> storage(const std::string& pool) {
        auto made = StorageDir::create(kernel.kernel(), R"({"path":")" + pool + "\"}");
        REQUIRE(made);
        return std::move(*made);
    }
    std::unique_ptr<StorageDir> storage() { return storage(path + "/pool"); }

    // A qcow2 image of 8 MiB with some content.
    bh::Image image(const std::string& name = "base") {
        const std::string raw = path + "/" + name + ".raw", file = path + "/" + name + ".qcow2";
        std::ofstream{raw, std::ios::binary} << name << std::string(100000, 'x');
        std::filesystem::resize_file(raw, std::uintmax_t{8} << 20);
        REQUIRE(run_program("qemu-img", {"convert", "-O", "qcow2", raw, file}).exit_code == 0);
        return described(name, file, "qcow2");
    }
    static bh::Image described(const std::string& name, const std::string& file, const std::string& format) {
        bh::Image image;
        image.name = name;
        const auto sum = run_program("sha256sum", {file}).output;
        image.digest = "sha256:" + std::string{sum.begin(), sum.begin() + 64};
        image.path = file;
        image.format = format;
        return image;
    }
    static std::vector<std::string> files(const std::string& directory) {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator{directory})
            names.push_back(entry.path().filename());
        return names;
    }

    std::string path;
    Kernel kernel;
};

inline bh::VolumeSpec spec_of(const std::string& digest, std::uint64_t size = std::uint64_t{64} << 20) {
    bh::VolumeSpec spec;
    spec.name = "bh-7-system";
    spec.image_digest = digest;
    spec.size_bytes = size;
    spec.tags = {"eip155:31337", "0xabc", "subscription:7", "system", "0xfeed:0"};
    return spec;
}

}  // namespace storage_dir::testing
