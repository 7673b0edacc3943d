// Documents with mistakes in them, made from good ones by a seeded generator.
#include "plugin-api/check/fuzz.hpp"

#include "plugin-api/check/kinds.hpp"
#include "plugin-api/documents/samples.hpp"

#include <map>
#include <random>

namespace bh::check {
namespace {

using nlohmann::json;

// A good document for each verb that takes one.
std::string sample_of(const std::string& taker) {
    static const std::map<std::string, std::string> samples{
        {"volume_create", to_json(VolumeSpec{"bh-7-system", "", 1 << 24, samples::kTags})},
        {"image_import", to_json(Image{"debian-12", "sha256:00", "/img", "qcow2", 1 << 30, "/k", "/i", "quiet", {}})},
        {"vm_create", to_json(samples::vm_spec())},
        {"vm_resize", to_json(VmSize{2, 1 << 29, {samples::volume()}})},
        {"vm_reinstall", to_json(samples::vm_spec())},
        {"snapshot_create", to_json(SnapshotSpec{"before-upgrade", true, samples::kTags})},
        {"delegation_acquire", to_json(DelegationRequest{64, samples::kTags})},
        {"submit", to_json(Intent{"deliver", "7", "0x0d", samples::kTime, {1}, {2}, "", "", "", 0, {}, {}, "", {}})}};
    const auto found = samples.find(taker);
    return found != samples.end() ? found->second : "{}";
}

class Mutator {
public:
    explicit Mutator(std::uint64_t seed) : random_{seed} {}

    std::string mutate(const std::string& good) {
        if (pick(3) == 0) return bytes(good);
        json node = json::parse(good);
        const std::size_t times = 1 + pick(3);
        for (std::size_t i = 0; i < times; ++i) change(node);
        return node.dump(-1, ' ', false, json::error_handler_t::replace);
    }

private:
    std::size_t pick(std::size_t below) { return std::uniform_int_distribution<std::size_t>{0, below - 1}(random_); }

    json strange() {
        switch (pick(9)) {
            case 0:
                return nullptr;
            case 1:
                return -1;
            case 2:
                return std::uint64_t{18446744073709551615u};
            case 3:
                return 1.5;
            case 4:
                return std::string(1 + pick(70000), 'x');
            case 5:
                return "../../../../etc/passwd";
            case 6:
                return json::array({json::object()});
            case 7:
                return "$(reboot)\n\t\"'\\";
            default:
                return true;
        }
    }
    void change(json& node) {
        if (!node.is_structured() || node.empty() || pick(4) == 0) {
            node = strange();
            return;
        }
        auto at = node.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(pick(node.size())));
        if (pick(4) == 0)
            node.erase(at);
        else
            change(*at);
    }
    std::string bytes(std::string text) {
        const std::size_t times = 1 + pick(4);
        for (std::size_t i = 0; i < times && !text.empty(); ++i) {
            const std::size_t at = pick(text.size());
            switch (pick(3)) {
                case 0:
                    text[at] = static_cast<char>(pick(256));
                    break;
                case 1:
                    text.resize(at);
                    break;
                default:
                    text.insert(at, text.substr(at, pick(20)));
                    break;
            }
        }
        return text;
    }
    std::mt19937_64 random_;
};

void documents(Stage& stage) { fuzz(stage, stage.subject.seed, std::chrono::seconds{1}); }

}  // namespace

std::size_t fuzz(Stage& stage, std::uint64_t seed, std::chrono::milliseconds time) {
    if (stage.has_backend()) stage.backend();
    const Session session{stage};
    Mutator mutator{seed};
    const auto until = std::chrono::steady_clock::now() + time;
    std::size_t number = 0;
    while (std::chrono::steady_clock::now() < until) {
        for (const Kind& kind : kinds_of(stage.subject)) {
            for (const Taker& taker : kind.takers) {
                const std::string text = mutator.mutate(sample_of(taker.name));
                const Job job{stage, "fuzz-" + std::to_string(number++), 1};
                const Answer answer = session.ask(
                    taker.name + ", document " + std::to_string(number) + " of seed " + std::to_string(seed) + ": " +
                        text.substr(0, 120),
                    [&](bh_sink o, bh_error* e) { return taker.call(session, job.c(), sdk::str(text), o, e); });
                require(answer.status != BH_E_INTERNAL,
                        taker.name + " answers " + answer.said() + " to the document " + text.substr(0, 400));
                require(status_name(answer.status).starts_with("BH_"), taker.name + " answers " + answer.said());
            }
        }
    }
    return number;
}

std::vector<Test> fuzz_tests() {
    return {{"fuzz.documents", "A second of damaged documents ends neither the process nor in BH_E_INTERNAL.", "",
             anywhere(), documents}};
}

std::vector<Test> all_tests() {
    std::vector<Test> all;
    for (const auto& group :
         {lint_tests(), load_tests(), hygiene_tests(), lifecycle_tests(), contract_tests(), job_tests(), worker_tests(),
          secret_tests(), storage_tests(), hypervisor_tests(), resize_tests(), reinstall_tests(), snapshot_tests(),
          ipv6_tests(), chain_tests(), fuzz_tests()})
        all.insert(all.end(), group.begin(), group.end());
    return all;
}

}  // namespace bh::check
