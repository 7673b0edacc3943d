#include "kernel/lifecycle/foresee.hpp"

#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"

#include <array>

namespace bh::life {
namespace {

constexpr std::array<std::string_view, 6> kVerdicts{"unread", "blocked", "refused", "waiting", "counting", "due"};
constexpr std::array<std::string_view, 7> kGuards{"none", "expired", "close_due", "closed", "gone", "open", "lost"};

bool takes_away(Step step) noexcept {
    return rules_of(step).removes || step == Step::suspend || step == Step::close || step == Step::retire ||
           step == Step::burn;
}

// The step that this state comes to by itself.
Step next_of(const SubscriptionRow& row) noexcept {
    switch (row.state) {
        case State::active:
        case State::resuming:
        case State::suspending:
            return Step::suspend;
        case State::suspended:
        case State::closing:
            return Step::close;
        case State::retiring:
            return row.undo_until_ms > 0 ? Step::destroy : Step::retire;
        case State::destroyed:
        case State::burning:
            return Step::burn;
        case State::declining:
        case State::declined:
        case State::refunded:
        case State::rolled_back:
        case State::cleaning:
            return Step::clean;
        default:
            return Step::none;
    }
}

Step step_of(const ForesightInput& in, const Reading& says) noexcept {
    if (in.job && takes_away(in.job->step)) return in.job->step;
    const Fact fact = fact_of(in.row, says, in.facts);
    const Transition* next = fact == Fact::none ? nullptr : find_transition(in.row.state, fact);
    if (next != nullptr && takes_away(next->order)) return next->order;
    return next_of(in.row);
}

std::string said(const Reading& says) {
    return "the final position says " + std::string{to_text(says.final)} + ", the head says " +
           std::string{to_text(says.head)};
}

class Answer {
public:
    Answer(const ForesightInput& in, Foresight& out) : in_{in}, out_{out} {}

    void find() {
        if (!in_.view) {
            return say(Verdict::unread, "the chain could not be read (" + in_.view.failure().message +
                                            "): no word is never a reason to take anything away");
        }
        if (blocked() || object_differs() || waits()) return;
        if (!out_.holds) return say(Verdict::refused, said(out_.says) + ": the guard's condition does not hold");
        if (counts() || job_waits()) return;
        say(Verdict::due, said(out_.says) + ": at its next attempt, after one more fresh read");
    }

private:
    void say(Verdict verdict, std::string why) {
        out_.verdict = verdict;
        out_.why = std::move(why);
    }

    bool blocked() {
        if (in_.recovering) {
            say(Verdict::blocked, "the host is deriving everything from the chains: nothing is done before it has");
        } else if (in_.row.state == State::held) {
            say(Verdict::blocked, "held (" + in_.row.reason + "): nothing is taken until a person says what to do");
        } else if (in_.parked_chain) {
            say(Verdict::blocked,
                "the chain was rolled back below a final position: nothing is taken until "
                "`blockhost chain accept-reorg " +
                    in_.row.instance + "`");
        } else if (in_.job && in_.job->state == JobState::parked) {
            say(Verdict::blocked, "the instance " + in_.job->instance + " is parked: " + in_.parked_instance);
        } else {
            return false;
        }
        return true;
    }

    // What is switched off or destroyed must be ours.
    bool object_differs() {
        if (!in_.found_vm || !in_.vm) return false;
        if (!*in_.found_vm) {
            if (in_.found_vm->failure().code == BH_E_NOT_FOUND) return false;
            say(Verdict::unread, "the hypervisor could not be asked about the VM: " + in_.found_vm->failure().message);
            return true;
        }
        if ((*in_.found_vm)->created_by == in_.vm->op_id) return false;
        say(Verdict::refused,
            "the VM " + in_.vm->vm + " does not carry the op_id that made ours: it is somebody else's");
        return true;
    }

    bool wait_for_chain(UnixTime when, const std::string& why) {
        out_.when = when;
        say(Verdict::waiting, why + " until " + time_to_text(when) + " (the chain's time)");
        return true;
    }
    bool wait_for_finality(const std::string& why) {
        say(Verdict::waiting, why + "; " + said(out_.says));
        return true;
    }

    bool waits() {
        const Standing final = out_.says.final;
        const View& view = *in_.view;
        const UnixTime expires = view.final_state ? view.final_state->expires_at : UnixTime{};
        const UnixTime grace = view.final_state ? view.final_state->grace_ends : UnixTime{};
        switch (out_.step) {
            case Step::suspend:
                if (final == Standing::paid) return wait_for_chain(expires, "it is paid for");
                break;
            case Step::close:
                if (final == Standing::paid) return wait_for_finality("it is paid for again and will be resumed");
                if (final == Standing::expired) return wait_for_chain(grace, "an extension still saves it");
                break;
            case Step::destroy:
                if (in_.row.undo_until_ms > in_.now_ms) {
                    out_.when_ms = in_.row.undo_until_ms;
                    say(Verdict::waiting, "it is off and kept, and `blockhost subscription undo " + in_.row.id +
                                              "` still brings it back");
                    return true;
                }
                break;
            case Step::clean: {
                if (in_.row.state == State::declining && final == Standing::open)
                    return wait_for_finality("it is to be declined first");
                if (in_.row.state == State::rolled_back)
                    return !in_.facts.excludes_purchase &&
                           wait_for_finality("no final position excludes its purchase yet");
                const bool over = out_.says.head == Standing::declined || out_.says.head == Standing::refunded;
                if (over && final != out_.says.head) return wait_for_finality("that is not final yet");
                break;
            }
            default:
                break;
        }
        return false;
    }

    bool counts() {
        if (out_.guard == Guard::none || is_satisfied(in_.policy, in_.progress, out_.guard)) return false;
        const std::uint32_t missing = in_.policy.checks > out_.looks ? in_.policy.checks - out_.looks : 1;
        out_.when_ms = in_.now_ms + static_cast<std::int64_t>(missing) * in_.policy.interval_ms();
        say(Verdict::counting, said(out_.says) + ": the same answer came " + std::to_string(out_.looks) + " of " +
                                   std::to_string(in_.policy.checks) + " times that the guard wants");
        return true;
    }

    bool job_waits() {
        if (out_.step == Step::clean && in_.unsettled_until_ms > in_.now_ms) {
            out_.when_ms = in_.unsettled_until_ms;
            say(Verdict::waiting, "a create that was given up may still appear in its backend");
            return true;
        }
        if (!in_.job || in_.job->step != out_.step || in_.job->not_before_ms <= in_.now_ms) return false;
        out_.when_ms = in_.job->not_before_ms;
        say(Verdict::due, "attempt " + std::to_string(in_.job->attempt + 1) + " of job " + std::to_string(in_.job->n) +
                              " comes" +
                              (in_.job->last_error.empty() ? "" : "; the last one said: " + in_.job->last_error));
        return true;
    }

    const ForesightInput& in_;
    Foresight& out_;
};

// Rows that may lose something, each once: those on their way out, then by their timers.
Status candidates(Tx& tx, const EngineConfig& config, std::uint32_t limit, std::vector<std::int64_t>& rows,
                  bool& more) {
    std::unordered_set<std::int64_t> seen;
    const auto take = [&](std::int64_t row) {
        if (!seen.insert(row).second) return;
        if (rows.size() < limit) {
            rows.push_back(row);
        } else {
            more = true;
        }
    };
    for (std::size_t i = 0; i < kStateCount; ++i) {
        const auto state = static_cast<State>(i);
        SubscriptionRow probe;
        probe.state = state;
        const bool leaves = next_of(probe) != Step::none && state != State::active && state != State::resuming;
        if (!leaves && state != State::held) continue;
        for (const auto& row : list_subscriptions(tx, std::string{to_text(state)}, 0, limit + 1)) take(row.row);
    }
    for (const std::int64_t row : rows_to_wake(tx, INT64_MAX, limit + 1)) take(row);
    for (const auto& chain : config.chains) {
        for (const std::int64_t row : rows_due(tx, chain.instance, {INT64_MAX}, limit + 1)) take(row);
    }
    return {};
}

}  // namespace

std::string_view to_text(Verdict verdict) noexcept { return kVerdicts[static_cast<std::size_t>(verdict)]; }
std::string_view to_text(Guard guard) noexcept { return kGuards[static_cast<std::size_t>(guard)]; }

std::optional<Foresight> foresee(const ForesightInput& in) {
    Foresight out;
    out.row = in.row;
    if (in.view) out.says = read_view(*in.view, in.row.order, in.facts.can);
    out.step = in.row.state == State::held ? Step::none : in.view ? step_of(in, out.says) : next_of(in.row);
    if (out.step == Step::none && in.row.state != State::held) return std::nullopt;
    out.guard = rules_of(out.step).guard;
    out.holds = in.view && guard_holds(out.guard, out.says, in.facts);
    if (in.progress && in.progress->guard == out.guard) out.looks = in.progress->looks;
    if (in.vm) out.vm = in.vm->name;
    Answer{in, out}.find();
    return out;
}

Result<GcReport> foresee_all(Journal& journal, const Engine& engine, Ports& ports, const EngineConfig& config,
                             std::uint32_t limit) {
    GcReport report;
    report.policy = config.guard;
    std::vector<std::int64_t> rows;
    auto read = journal.read([&](Tx& tx) -> Status {
        for (auto& vm : list_vms(tx)) {
            if (vm.row == 0) report.orphan_vms.push_back(std::move(vm));
        }
        for (auto& volume : list_volumes(tx)) {
            if (volume.row == 0) report.orphan_volumes.push_back(std::move(volume));
        }
        return candidates(tx, config, limit, rows, report.more);
    });
    if (!read) return read.failure();
    for (const std::int64_t number : rows) {
        ForesightInput in;
        Block final_block;
        const ChainConfig* chain = nullptr;
        read = journal.read([&](Tx& tx) -> Status {
            auto row = subscription_by_row(tx, number);
            if (!row) return {};
            in.row = std::move(*row);
            const auto cursor = cursor_of(tx, in.row.instance);
            if (cursor) final_block = cursor->final, in.parked_chain = cursor->parked_destruction;
            in.vm = vm_of(tx, number);
            return {};
        });
        if (!read) return read.failure();
        for (const auto& each : config.chains) {
            if (each.instance == in.row.instance) chain = &each;
        }
        if (in.row.row == 0 || chain == nullptr) continue;
        auto port = port_of(ports.chains, chain->instance);
        const auto facts = port ? (*port)->describe() : Result<ChainDescription>{port.failure()};
        if (facts) in.facts.can = abilities_of(*facts);
        in.view = facts ? look(**port, in.row.id, final_block, chain->guard_agree) : Result<View>{facts.failure()};
        if (in.vm) {
            auto hypervisor = port_of(ports.hypervisors, in.vm->instance);
            in.found_vm = hypervisor ? (*hypervisor)->vm_get(in.vm->vm) : Result<Vm>{hypervisor.failure()};
        }
        read = journal.read([&](Tx& tx) -> Status {
            in.job = current_job(tx, number);
            in.unsettled_until_ms = unsettled_until_ms(tx, number);
            if (in.view) in.facts = gather_inputs(tx, config, *chain, in.facts.can, in.row, *in.view, in.job);
            for (const auto& parked : parked_instances(tx)) {
                if (in.job && parked.instance == in.job->instance) in.parked_instance = parked.message;
            }
            in.now_ms = tx.now_ms();
            return {};
        });
        if (!read) return read.failure();
        in.progress = engine.guard_progress(number);
        in.policy = config.guard;
        in.recovering = engine.recovering();
        if (auto found = foresee(in)) report.rows.push_back(std::move(*found));
    }
    return report;
}

}  // namespace bh::life
