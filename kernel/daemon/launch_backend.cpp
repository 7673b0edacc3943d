#include "kernel/daemon/service_backends.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/launch/client.hpp"
#include "kernel/launch/requests.hpp"
#include "plugin-api/documents/storage.hpp"

#include <algorithm>
#include <chrono>
#include <set>

namespace bh::daemon {
namespace {

constexpr std::size_t kOpId = 40;
constexpr std::chrono::milliseconds kMinRun{1};
constexpr std::chrono::milliseconds kMaxRun{launch::kMaxRunMilliseconds};

Failure refused(const std::string& unit, const std::string& what) {
    return {BH_E_DENIED, "not_this_vm", "unit " + unit.substr(0, 64) + ": " + what};
}

class LaunchBackend final : public plugins::LaunchBackend {
public:
    LaunchBackend(life::Journal& journal, std::string socket, std::string run_directory)
        : journal_{journal}, client_{std::move(socket)}, run_directory_{std::move(run_directory)} {}

    Result<Unit> start(const std::string& instance, const std::string& unit, const UnitSpec& spec,
                       const std::vector<int>& fds) override {
        const std::string owner = unit.substr(0, kOpId);
        if (auto bad = check(instance, unit, owner, spec); !bad) return bad.failure();
        const bool has_tap =
            std::any_of(spec.fds.begin(), spec.fds.end(), [](const UnitFd& fd) { return !fd.tap.empty(); });
        return client_.start(instance, unit, owner, spec, has_tap ? owner : std::string{}, fds);
    }
    Result<Unit> status(const std::string& instance, const std::string& unit) override {
        return client_.status(instance, unit);
    }
    Status signal(const std::string& instance, const std::string& unit, int number) override {
        return client_.signal(instance, unit, number);
    }
    Result<UnitPage> list(const std::string& instance, const std::string& page) override {
        return client_.list(instance, page);
    }
    Result<RunResult> run(const std::string& instance, const RunRequest& request, std::uint64_t deadline_ns) override {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds{deadline_ns} - now);
        // 0 is no deadline: what the launcher allows.
        return client_.run(instance, request, deadline_ns == 0 ? kMaxRun : std::clamp(left, kMinRun, kMaxRun));
    }

private:
    // What the kernel knows and the launcher can't: whose VM this is, and what belongs to it.
    Status check(const std::string& instance, const std::string& unit, const std::string& owner, const UnitSpec& spec) {
        std::set<std::string> volumes;
        std::string tap;
        bool found = false;
        auto read = journal_.read([&](life::Tx& tx) -> Status {
            const auto vm = life::vm_by_op_id(tx, owner);
            if (!vm || vm->instance != instance) return {};
            found = true;
            tap = vm->tap;
            for (const auto& row : life::volumes_of(tx, vm->row)) {
                if (const auto volume = parse_volume(row.document)) volumes.insert(volume->path);
            }
            return {};
        });
        if (!read) return read;
        if (!found || (unit.size() > kOpId && unit[kOpId] != '-'))
            return refused(unit, "instance " + instance + " holds no VM of that name");
        for (const auto& fd : spec.fds) {
            if (!fd.tap.empty() && fd.tap != tap) return refused(unit, "the tap " + fd.tap + " is not this VM's");
        }
        const std::string own = run_directory_ + "/vm/" + owner;
        for (const auto& path : spec.paths) {
            const bool in_own = path.path == own || path.path.rfind(own + "/", 0) == 0;
            if (path.access == "rw" && !in_own && !volumes.contains(path.path))
                return refused(unit, path.path + " is not this VM's to write");
        }
        return {};
    }

    life::Journal& journal_;
    launch::Client client_;
    std::string run_directory_;
};

}  // namespace

std::unique_ptr<plugins::LaunchBackend> make_launch_backend(life::Journal& journal, std::string launch_socket,
                                                            std::string run_directory) {
    return std::make_unique<LaunchBackend>(journal, std::move(launch_socket), std::move(run_directory));
}

}  // namespace bh::daemon
