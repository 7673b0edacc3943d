#include "kernel/lifecycle/testing/driver.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/capacity.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/subscriptions.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace bh::life::testing {
namespace {
constexpr std::int64_t kBlockMs = 2000, kQuietMs = 6000;
constexpr int kMostTicks = 60'000;

// An ended one with a timer is derived anew first: a rollback took its end.
bool is_end(const SubscriptionRow& row) {
    return (row.state == State::ended && row.wake_ms == 0) || row.state == State::held;
}
}  // namespace

Scene::Scene(World& w, std::string directory, const Script& script, Boundaries* boundaries)
    : world{w},
      directory_{std::move(directory)},
      script_{script},
      doubles_{w, boundaries},
      ports_{doubles_.ports()},
      config_{config_for_tests()},
      executor_{script.as_a_pool} {
    if (script.early_start) config_.chains[0].early_start["native"] = {"1000"};
    restart();
}

Scene::~Scene() = default;

void Scene::close() {
    operate.reset();
    engine.reset();
    journal.reset();
}

void Scene::restart() {
    close();
    auto opened = Journal::open(directory_ + "/journal.db", [this] { return world.now_ms + world.skew_ms; });
    if (!opened) throw std::runtime_error{opened.failure().message};
    journal = std::move(*opened);
    engine = std::make_unique<Engine>(*journal, ports_, config_, executor_);
    operate = std::make_unique<Operator>(*journal, *engine, config_, ports_);
    if (const auto started = engine->start(); !started) throw std::runtime_error{started.failure().message};
}

void Scene::wipe() {
    close();
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(directory_ + "/journal.db" + end);
    restart();
}

void Scene::put_back(const std::string& copy) {
    close();
    copy_journal(copy, directory_ + "/journal.db");
    restart();
}

void copy_journal(const std::string& from, const std::string& to) {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(to + end);
    // Not the -shm: it is an index of the -wal, and SQLite makes it anew.
    for (const char* end : {"", "-wal"}) {
        if (std::filesystem::exists(from + end)) std::filesystem::copy_file(from + end, to + end);
    }
}

std::optional<SubscriptionRow> Scene::row(const std::string& id) {
    return read<std::optional<SubscriptionRow>>([&](Tx& tx) -> std::optional<SubscriptionRow> {
        auto rows = subscriptions_by_id(tx, "chain", id);
        if (rows.empty()) return std::nullopt;
        return rows.front();
    });
}

bool Scene::state_is(State state, const std::string& id) {
    const auto found = row(id);
    return found && found->state == state;
}

std::optional<JobRow> Scene::job(Step step) {
    const auto found = row();
    if (!found) return std::nullopt;
    return read<std::optional<JobRow>>([&](Tx& tx) {
        std::optional<JobRow> last;
        for (auto& job : jobs_of(tx, found->row)) {
            if (job.step == step) last = std::move(job);
        }
        return last;
    });
}

Command Scene::command() { return {"nonce-" + std::to_string(++world.randoms), 0}; }

void Scene::pass(std::int64_t seconds) {
    for (std::int64_t i = 0; i < std::min<std::int64_t>(seconds, 6); ++i) {
        world.now_ms += seconds > 6 ? seconds * 1000 / 6 : 1000;
        mine_block(world);
    }
}

void Scene::let_time_pass() {
    const std::int64_t next_block = (world.now_ms / kBlockMs + 1) * kBlockMs;
    world.now_ms = std::clamp(engine->next_due_ms() - world.skew_ms, world.now_ms + 10, next_block);
    if (world.now_ms == next_block) mine_block(world);
    if (!script_.accept_reorgs) return;
    const bool parked = read<bool>([](Tx& tx) {
        const auto cursor = cursor_of(tx, "chain");
        return cursor && cursor->parked_destruction;
    });
    if (parked) accept_reorg();
}

void Scene::tick() {
    if (world.full_commits > 0) journal->fail_commits(static_cast<int>(std::exchange(world.full_commits, 0)));
    if (!engine->step()) let_time_pass();
}

bool Scene::until(const std::function<bool()>& done, std::int64_t seconds) {
    const std::int64_t deadline = world.now_ms + seconds * 1000;
    for (int i = 0; i < kMostTicks; ++i) {
        if (done()) return true;
        if (world.now_ms > deadline) break;
        tick();
    }
    if (done()) return true;
    world.complaint = describe() + " at " + std::to_string(world.now_ms);
    return false;
}

bool Scene::play() {
    const std::int64_t deadline = world.now_ms + 1'500'000;
    std::int64_t quiet_since = 0;
    for (int i = 0; i < kMostTicks; ++i) {
        while (!world.undone && world.script < script_.acts.size() && script_.acts[world.script].when(*this)) {
            // The act and that it was played are one thing: no boundary lies between them.
            const std::uint32_t played = world.script++;
            script_.acts[played].then(*this);
            quiet_since = 0;
        }
        // What a reorganisation undid can't be played to its end.
        const bool played = world.undone || world.script == script_.acts.size();
        if (played && (!script_.wrap_up || wrap_up())) {
            if (quiet_since == 0) quiet_since = world.now_ms;
            if (world.now_ms - quiet_since > kQuietMs) return check_end();
        } else {
            quiet_since = 0;
        }
        if (world.now_ms > deadline || !world.violation.empty()) break;
        tick();
    }
    if (!world.violation.empty()) {
        world.complaint = world.violation.str();
        return false;
    }
    world.complaint = describe();
    return false;
}

std::string Scene::describe() {
    const auto last = row();
    std::string text = "act " + std::to_string(world.script) + " of " + std::to_string(script_.acts.size()) +
                       ", state " + (last ? std::string{to_text(last->state)} : "none");
    if (last) {
        const auto jobs = read<std::vector<JobRow>>([&](Tx& tx) { return jobs_of(tx, last->row); });
        if (!jobs.empty()) {
            text += ", job " + std::string{to_text(jobs.back().step)} + " " + std::string{to_text(jobs.back().state)} +
                    " " + jobs.back().last_error;
        }
    }
    return text + (engine->recovering() ? ", recovering" : "");
}

bool Scene::sales_settled() {
    const auto all = read<std::vector<CapacityRow>>([](Tx& tx) { return capacities(tx); });
    return std::all_of(all.begin(), all.end(), [](const auto& row) { return row.done && row.want != 0; });
}

void Scene::accept_reorg() {
    const Status accepted = operate->accept_reorg(command(), "chain");
    // A person who is told that the disk is full tries again.
    if (!accepted && accepted.failure().reason != "disk_full") violated(world, "accept-reorg was refused");
}

// True: every purchase has come to an end.
bool Scene::wrap_up() {
    const auto rows = read<std::vector<SubscriptionRow>>([](Tx& tx) { return list_subscriptions(tx, "", 0, 100); });
    // A purchase that a reorganisation took away before anybody saw it leaves nothing to end.
    bool all = (!rows.empty() || world.undone) && sales_settled();
    for (const auto& each : rows) {
        all = all && is_end(each);
        const Sub* sub = find_sub(head(world), each.id.c_str());
        const bool served = each.state == State::active || each.state == State::suspended;
        if (!served || sub == nullptr || sub->cancelled || sub->closed) continue;
        bool pending = false;
        for (const WorldTx& tx : world.txs)
            pending = pending || (tx.state == WorldTx::pending && tx.action == "cancel");
        if (!pending) user(world, "cancel", each.id);
    }
    return all;
}

bool Scene::check_end() {
    const auto complain = [this](const std::string& what) {
        world.complaint = what;
        return false;
    };
    if (!world.violation.empty()) return complain(world.violation.str());
    if (!balances(world)) return complain("the contract's balance does not add up");
    const auto rows = read<std::vector<SubscriptionRow>>([](Tx& tx) { return list_subscriptions(tx, "", 0, 100); });
    std::uint32_t held = 0;
    for (const auto& each : rows) held += each.state == State::held ? 1 : 0;
    if (count_vms(world) > held) return complain("a VM is left");
    if (count_volumes(world) > held) return complain("a volume is left");
    if (count_bindings(world) > held) return complain("a place on the network is left");
    for (const Sub& sub : head(world).subs) {
        if (sub.exists && sub.delivered && sub.mints != 1) return complain("not one token");
    }
    const auto addresses = read<std::vector<AddressRow>>([](Tx& tx) { return list_addresses(tx); });
    if (addresses.size() > held) return complain("an address is left");
    if (head(world).capacity != kCapacity) return complain("a plan is off sale");
    const auto vms = read<std::vector<VmRow>>([](Tx& tx) { return list_vms(tx); });
    // One that was lost before anybody said so is in the journal while its row is held.
    const std::size_t lost = world.lost ? held : 0;
    if (vms.size() < count_vms(world) || vms.size() > count_vms(world) + lost)
        return complain("the journal and the hypervisor differ");
    Status chained;
    const auto looked = journal->read([&](Tx& tx) -> Status {
        chained = verify_audit(tx);
        return {};
    });
    if (!looked || !chained) return complain("the audit log is broken");
    world.finished = true;
    return true;
}

std::function<bool(Scene&)> at_state(State state) {
    return [state](Scene& scene) { return scene.state_is(state); };
}
std::function<bool(Scene&)> at_once() {
    return [](Scene&) { return true; };
}
std::function<void(Scene&)> act_user(std::string action, std::int64_t seconds) {
    return [action = std::move(action), seconds](Scene& scene) { user(scene.world, action, "1", seconds); };
}
Act lose_and_rebuild(State from, std::function<void(Scene&)> then) {
    return {[from](Scene& s) {
                if (s.state_is(State::rebuilding)) return true;
                if (!s.state_is(from)) return false;
                const std::int64_t row = s.row()->row;
                const Status tried = s.operate->rebuild(s.command(), row, true);
                if (tried && !s.world.lost) violated(s.world, "a VM that is there was built anew");
                if (!tried && tried.failure().message.find("has the VM") != std::string::npos) {
                    for (auto& vm : s.world.vms) vm = {};
                    for (auto& volume : s.world.volumes) volume = {};
                    s.world.lost = true;
                    (void)s.operate->rebuild(s.command(), row, true);  // a full disk: again
                }
                return s.state_is(State::rebuilding);
            },
            std::move(then)};
}
Act buy() {
    return {at_once(), [](Scene& scene) { user(scene.world, "buy", "1", kPaid, "0xbuyer"); }};
}

}  // namespace bh::life::testing
