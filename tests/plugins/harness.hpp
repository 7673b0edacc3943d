// A kernel for tests of plugins: loads a built plugin as the real one does, makes an instance, and calls its verbs.
#pragma once

#include "plugin-api/host/loader.hpp"
#include "plugin-api/sdk/cpp/boundary.hpp"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <stdexcept>

namespace bh::mem::test {

class TempDir {
public:
    TempDir() {
        char name[] = "/tmp/bh-mem-XXXXXX";
        if (::mkdtemp(name) == nullptr) throw std::runtime_error{"no temporary directory"};
        path_ = name;
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

// One order of the kernel: keeps the checkpoint from attempt to attempt.
struct Job {
    explicit Job(std::string id) : op_id{std::move(id)} {
        call.struct_size = sizeof call;
        call.cancel_fd = -1;
        call.ctx = this;
        call.cancelled = [](const bh_call* c) noexcept { return std::int32_t{self(c).cancel != BH_CANCEL_NONE}; };
        call.cancel_reason = [](const bh_call* c) noexcept { return self(c).cancel; };
        call.progress = [](const bh_call*, std::uint32_t, bh_str) noexcept {};
        call.save = [](const bh_call* c, bh_bytes blob, bh_error*) noexcept -> bh_status {
            self(c).saved.assign(reinterpret_cast<const char*>(blob.ptr), blob.len);
            return BH_OK;
        };
    }
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    // The context of the next attempt.
    const bh_call* next() {
        ++call.attempt;
        checkpoint = saved;
        call.op_id = sdk::str(op_id);
        call.checkpoint = sdk::raw(checkpoint);
        return &call;
    }
    std::string op_id, saved, checkpoint;
    std::uint32_t cancel = BH_CANCEL_NONE;
    bh_call call{};

private:
    static Job& self(const bh_call* c) noexcept { return *static_cast<Job*>(c->ctx); }
};

// An instance of the plugin `id` from the build tree, over the state file `state`.
class Plugged {
public:
    Plugged(const std::string& id, const std::string& state) : config_{R"({"state_file":")" + state + "\"}"} {
        const std::string directory = std::string{PLUGINS} + "/" + id;
        const auto manifest = host::read_manifest(directory + "/plugin.json");
        if (!manifest) throw std::runtime_error{manifest.failure().message};
        const auto loaded = host::load({directory, id, manifest->sha256, "0.0.0", ""});
        if (!loaded) throw std::runtime_error{loaded.failure().message};
        plugin_ = loaded->plugin;
        sdk::Error error;
        const bh_status status = plugin_->create(&kernel_, sdk::str(config_), &instance_, error.out());
        if (status != BH_OK) throw std::runtime_error{error.failure(status).message};
    }
    Plugged(const Plugged&) = delete;
    Plugged& operator=(const Plugged&) = delete;
    ~Plugged() { plugin_->destroy(instance_); }

    template <class V>
    const V& table(const char* id) {
        const void* found = plugin_->query(id);
        if (found == nullptr) throw std::runtime_error{std::string{"no interface "} + id};
        return *static_cast<const V*>(found);
    }
    [[nodiscard]] bh_instance* self() const { return instance_; }
    [[nodiscard]] const bh_plugin* plugin() const { return plugin_; }

    // verb(sink, err) -> status; the document it wrote, or why not.
    template <class F>
    static Result<std::string> text(F&& verb) {
        sdk::Collector out;
        sdk::Error error;
        const bh_status status = verb(out.sink(), error.out());
        if (status != BH_OK) return error.failure(status);
        return out.text();
    }
    template <class D, class F>
    static Result<D> document(Result<D> (*parse)(std::string_view), F&& verb) {
        const auto answer = text(std::forward<F>(verb));
        if (!answer) return answer.failure();
        return parse(*answer);
    }
    template <class F>
    static Status status(F&& verb) {
        sdk::Error error;
        const bh_status code = verb(error.out());
        return error.status(code);
    }

private:
    static const void* no_service(const bh_kernel*, const char*) noexcept { return nullptr; }
    bh_kernel kernel_{sizeof(bh_kernel), BH_ABI_MINOR, nullptr, {"mem", 3}, no_service};
    std::string config_;
    const bh_plugin* plugin_ = nullptr;
    bh_instance* instance_ = nullptr;
};

// Runs `body` in a process of its own; -> the signal that ended it, 0 if it ended by itself.
inline int signal_of(const std::function<void()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        body();
        ::_exit(0);
    }
    int status = 0;
    if (pid < 0 || ::waitpid(pid, &status, 0) != pid) throw std::runtime_error{"no child process"};
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace bh::mem::test
