#include "plugins/hypervisor-qemu/acceleration.hpp"

#include "plugin-api/sdk/cpp/durable_file.hpp"

#include <sys/stat.h>
#include <sys/utsname.h>

#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace hypervisor_qemu {
namespace {

constexpr const char* kFile = ".accelerator.json";
constexpr std::int64_t kTrialSeconds = 30;
constexpr std::uint32_t kLookAgain = 500;
// The guest's kernel says this when it has come all the way and starts the first program.
constexpr std::string_view kBooted = "Run /init as init process";

struct Answer {
    std::string accelerator, machine, why;
};

template <class F>
void fields(F& f, bh::Is<Answer> auto& x) {
    f.required("accelerator", x.accelerator, "kvm or tcg.");
    f.required("machine", x.machine, "Kernel of the machine for which it holds.");
    f.optional("why", x.why, "What was seen.");
}

std::string machine() {
    utsname name{};
    return ::uname(&name) == 0 ? name.release : "";
}

std::optional<Answer> read_answer(const std::string& state) {
    const auto text = bh::sdk::read_file(state + "/" + kFile);
    if (!text || !*text) return std::nullopt;
    auto answer = bh::read_document<Answer>(**text);
    if (!answer || answer->machine != machine()) return std::nullopt;
    return std::move(*answer);
}

Accelerator named(const std::string& name) { return name == "kvm" ? Accelerator::kKvm : Accelerator::kTcg; }

bh::Failure still_trying() { return bh::sdk::pending(kLookAgain, "trying whether a guest boots under KVM here"); }

}  // namespace

bh::Status make_run_directory(const std::string& path) {
    constexpr mode_t kMode = 02770;
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return bh::sdk::file_failure("make the directory", path);
    // EPERM: it is the VM's already, from an earlier start.
    if (::chmod(path.c_str(), kMode) != 0 && errno != EPERM) return bh::sdk::file_failure("set the mode of", path);
    return {};
}

std::string Acceleration::known() const {
    if (!wanted_.empty()) return wanted_;
    const auto answer = read_answer(state_);
    return answer ? answer->accelerator : "";
}

bh::Result<Accelerator> Acceleration::settle(Accelerator accelerator, const std::string& why) {
    const Answer answer{accelerator == Accelerator::kKvm ? "kvm" : "tcg", machine(), why};
    kernel_.log().info("guests run under " + answer.accelerator + ": " + why);
    if (auto saved = bh::sdk::write_durably(state_, kFile, bh::write_document(answer), 0640); !saved)
        return saved.failure();
    return accelerator;
}

// The trial's process is gone before its directory is: another user, the VM's own, comes next.
bh::Status Acceleration::clear_trial(const std::string& unit, const Paths& paths) {
    const auto ended = kernel_.launch().signal(unit, SIGKILL);
    if (!ended && ended.failure().code != BH_E_NOT_FOUND) return ended;
    if (ended) {
        const auto now = kernel_.launch().status(unit);
        if (!now) return now.failure();
        if (now->state == "running") return still_trying();
    }
    std::error_code error;
    std::filesystem::remove_all(paths.run, error);
    if (!error) return {};
    return bh::Failure{BH_E_UNAVAILABLE, "file", "cannot remove " + paths.run + ": " + error.message(), kLookAgain};
}

bh::Result<Accelerator> Acceleration::end_trial(const std::string& unit, const Paths& paths, Accelerator accelerator,
                                                const std::string& why) {
    if (const auto cleared = clear_trial(unit, paths); !cleared) return cleared.failure();
    return settle(accelerator, why);
}

bh::Result<Accelerator> Acceleration::decide(const std::string& vm, const bh::VmSpec& spec, const Paths& paths) {
    const std::scoped_lock lock{mutex_};
    const std::string unit = vm + "-kvmtrial";
    if (const std::string name = known(); !name.empty()) {
        // Another VM's trial was sooner: what this one's left behind must not be in the way of the VM's own user.
        if (::access(paths.trial_mark().c_str(), F_OK) == 0) {
            if (const auto cleared = clear_trial(unit, paths); !cleared) return cleared.failure();
        }
        return named(name);
    }
    if (::access("/dev/kvm", F_OK) != 0) return settle(Accelerator::kTcg, "there is no /dev/kvm");
    // A disk that boots by itself says nothing that could be understood: safe, and not remembered.
    if (spec.kernel.empty()) return Accelerator::kTcg;

    auto now = kernel_.launch().status(unit);
    if (!now && now.failure().code == BH_E_NOT_FOUND) {
        if (auto made = make_run_directory(paths.run); !made) return made.failure();
        if (!std::ofstream{paths.trial_mark()}) return bh::sdk::file_failure("write", paths.trial_mark());
        auto started = kernel_.launch().start(unit, trial_spec(spec, paths));
        if (!started) return started.failure();
        return still_trying();
    }
    if (!now) return now.failure();
    const auto said = bh::sdk::read_file(paths.trial_log());
    if (said && *said && (**said).find(kBooted) != std::string::npos) {
        return end_trial(unit, paths, Accelerator::kKvm, "a guest's kernel booted under it");
    }
    if (now->state == "ended") {
        return end_trial(unit, paths, Accelerator::kTcg, "QEMU ended under KVM before a guest's kernel had booted");
    }
    if (static_cast<std::int64_t>(std::time(nullptr)) - now->since.seconds > kTrialSeconds) {
        return end_trial(unit, paths, Accelerator::kTcg, "a guest's kernel did not boot under KVM within 30 s");
    }
    return still_trying();
}

}  // namespace hypervisor_qemu
