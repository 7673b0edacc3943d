#include "tests/model/system.hpp"

#include <algorithm>
#include <atomic>

namespace bh::life::model {
namespace {

constexpr std::int32_t kLongCrash = 5;
constexpr std::uint32_t kOperatorLooks = 5;  // blocks after which a deep reorganisation is accepted
constexpr std::uint32_t kQuiet = 6;
constexpr std::uint32_t kMostSteps = 60;  // of the engine within one block
constexpr std::int64_t kDayMs = 86'400'000, kHourMs = 3'600'000;

std::string next_path() {
    static std::atomic<std::uint64_t> made{0};
    return kMemory + std::to_string(++made);
}

bool is_parked(const Tables& tables) {
    return std::any_of(tables.cursors.begin(), tables.cursors.end(),
                       [](const auto& cursor) { return cursor->parked_destruction; });
}

const JobRow* current(const Tables& tables, std::int64_t row) {
    for (const auto& job : tables.jobs) {
        if (job->row == row && !job->consumed) return job.get();
    }
    return nullptr;
}

// Do states and jobs say the same in both?
bool same_stage(const Tables& a, const Tables& b) {
    if (a.subscriptions.size() != b.subscriptions.size()) return false;
    for (std::size_t i = 0; i < a.subscriptions.size(); ++i) {
        if (a.subscriptions[i]->state != b.subscriptions[i]->state) return false;
        const JobRow* mine = current(a, a.subscriptions[i]->row);
        const JobRow* other = current(b, b.subscriptions[i]->row);
        if ((mine == nullptr) != (other == nullptr)) return false;
        if (mine != nullptr && (mine->step != other->step || mine->state != other->state)) return false;
    }
    return true;
}

}  // namespace

System::System(const Scenario& scenario, BrokenRules broken, GuardPolicy guard)
    : scenario_{scenario},
      guard_{guard},
      path_{next_path()},
      tables_{tables_at(path_)},
      host_{world_, oracle_, [this] { return is_parked(*tables_); }},
      ports_{host_.ports()},
      config_{model_config()},
      executor_{scenario.as_a_pool} {
    world_.broken = broken;
    world_.request_opens = scenario.request_opens;
    for (std::uint32_t i = 0; i < kFinalDepth + 2; ++i) pass_a_second(), mine(world_);
    config_.guard = guard;
    if (scenario.early_start) config_.chains[0].early_start["native"] = {"1000000"};
    CommitSeam& seam = commit_seam(path_);
    seam.committed = [this] { oracle_.point(); };
    seam.full = [this] { return oracle_.full(); };
    seam.audit = CommitSeam::Audit::left_out;
    auto opened = Journal::open(path_, [this] { return world_.wall_ms; });
    journal_ = std::move(*opened);
}

System::~System() {
    die(0);
    journal_.reset();
    remove_tables(path_);
}

Snapshot System::save() const {
    Snapshot s{world_, *tables_, std::nullopt, down_for_, versions_};
    if (engine_) s.engine = EngineSnapshot::of(*engine_);
    return s;
}

void System::load(const Snapshot& s) {
    die(s.down_for);
    world_ = s.world, *tables_ = s.tables, versions_ = s.versions;
    if (!s.engine) return;
    engine_ = std::make_unique<Engine>(*journal_, ports_, config_, executor_);
    s.engine->put(*engine_);
}

void System::tell(std::vector<std::string>* told) {
    oracle_.told = told;
    commit_seam(path_).audit = told != nullptr ? CommitSeam::Audit::told : CommitSeam::Audit::left_out;
}

void System::die(std::int32_t down_for) {
    if (engine_) EngineSnapshot::forget_in_flight(*engine_);
    engine_.reset();
    down_for_ = down_for;
}

void System::move(const Deviation& deviation) {
    oracle_.begin(deviation);
    try {
        go_on(deviation);
    } catch (const Crashed&) {
        die(deviation.what == What::crash_long ? kLongCrash : 0);
    }
    keep_version();
    check();
}

void System::go_on(const Deviation& deviation) {
    const bool crashes = deviation.what == What::crash || deviation.what == What::crash_long;
    if (crashes && deviation.place < 0) throw Crashed{};
    if (deviation.what == What::restore) {
        die(0);
        const auto back = static_cast<std::size_t>(deviation.place);
        *tables_ = deviation.place < 0 ? Tables{} : *versions_[versions_.size() - 1 - back];
        world_.restored = true;
        return;
    }
    if (!engine_) {
        if (down_for_ <= 0) return boot();
        --down_for_;
        oracle_.ticked = true;
        return tick(deviation);
    }
    // Steps take time: an engine that is busy for very long meets the next block all the same.
    if (world_.busy >= kMostSteps || !engine_->step()) {
        oracle_.ticked = true;
        return tick(deviation);
    }
    ++world_.busy;
    if (EngineSnapshot::settled(*engine_)) return;
    // The record of one verb may begin the next one, and with two orders there may be one on its way for very long.
    while (engine_ && !EngineSnapshot::settled(*engine_)) {
        if (oracle_.halves > 0) ++world_.busy;
        if (oracle_.halves++ == deviation.half) disturb(deviation);
        // Or the journal refused: what was learnt waits in memory.
        if (world_.busy >= kMostSteps || !engine_->step()) tick({});
    }
}

void System::boot() {
    engine_ = std::make_unique<Engine>(*journal_, ports_, config_, executor_);
    if (const auto started = engine_->start(); !started) die(1);  // the service is started again
}

void System::pass_a_second() { world_.wall_ms += 1000, world_.monotonic_ms += 1000; }

void System::tick(const Deviation& deviation) {
    world_.busy = 0;
    pass_a_second();
    let_late_creates_happen(world_);
    buyers_act();
    const bool instead = deviation.what == What::reorg_again || deviation.what == What::reorg_drop;
    disturb(deviation);
    if (!instead && deviation.what != What::block && deviation.what != What::user) mine(world_);
    operator_acts();
    count_quiet();
}

void System::disturb(const Deviation& d) {
    switch (d.what) {
        case What::block:
            return mine(world_);
        case What::user:
            send(world_, static_cast<Act>(d.place), d.subject, world_.head().contract.orders[d.subject - 1].owner);
            return mine(world_);
        case What::reorg_again:
        case What::reorg_drop:
            return reorganise(world_, static_cast<std::uint32_t>(d.place), d.what == What::reorg_again);
        case What::drop_mempool:
            for (Tx& tx : world_.txs) {
                if (tx.state == Tx::State::pending && tx.agent) tx.state = Tx::State::dropped;
            }
            return;
        case What::vm_stops:
            for (VmObject& vm : world_.vms) vm.running = false;
            return;
        case What::reboot:
            ++world_.boot;
            world_.monotonic_ms = 1000;
            for (VmObject& vm : world_.vms) vm.running = false;
            world_.bindings.clear();
            world_.late.clear();
            world_.lie_until_ms = 0;  // of the clock that began anew
            return die(1);
        case What::clock_forward:
            world_.wall_ms += kDayMs;
            return;
        case What::clock_back:
            world_.wall_ms -= kHourMs;
            return;
        default:
            return;
    }
}

void System::buyers_act() {
    const ChainBlock& head = world_.head();
    for (; world_.script < scenario_.deeds.size(); ++world_.script) {
        const Deed& deed = scenario_.deeds[world_.script];
        std::int64_t since = kGenesis + kFinalDepth + 2;
        if (deed.after != Deed::After::begin) {
            const Order& o = head.contract.orders[deed.id - 1];
            // An order that will never be delivered: the rest of the plan falls away.
            const bool comes = std::any_of(world_.txs.begin(), world_.txs.end(), [](const Tx& tx) {
                return tx.act == Act::purchase && tx.state == Tx::State::pending;
            });
            if (o.declined || o.refunded || (!o.exists && !comes)) continue;
            if (!o.delivered) break;
            since = deed.after == Deed::After::delivery ? o.expires - kPaid : o.expires;
        }
        if (head.time < since + deed.blocks) break;
        send(world_, deed.act, deed.id, deed.who);
    }
    // Whoever was not served in time takes the money back.
    for (std::size_t i = 0; i < kIds; ++i) {
        const Order& o = head.contract.orders[i];
        if (!o.open() || head.time <= o.window_ends + 1) continue;
        send(world_, Act::refund, static_cast<std::uint8_t>(i + 1), o.buyer);
    }
}

// A rollback below a final position waits for a person, who looks at it after some blocks.
void System::operator_acts() {
    if (!engine_ || !is_parked(*tables_)) {
        world_.parked_for = 0;
        return;
    }
    if (++world_.parked_for < kOperatorLooks) return;
    Operator person{*journal_, *engine_, config_, ports_};
    const Command command{"accept-" + std::to_string(++world_.randoms), 0};
    // A full disk refuses this, too: the person tries again with the next block.
    [[maybe_unused]] const Status accepted = person.accept_reorg(command, "chain");
}

void System::keep_version() {
    if (oracle_.commits == 0) return;
    if (!versions_.empty() && same_stage(*versions_.back(), *tables_)) return;
    auto version = std::make_shared<Tables>(*tables_);
    version->told.clear();
    versions_.push_back(std::move(version));
}

void System::count_quiet() {
    // An ended one with a timer is derived anew first: a rollback took its end.
    const auto is_end = [](const auto& row) {
        return (row->state == State::ended && row->wake_ms == 0) || row->state == State::held;
    };
    const Contract& c = world_.head().contract;
    const bool open = std::any_of(c.orders.begin(), c.orders.end(), [](const Order& o) { return o.open(); });
    const bool pending =
        std::any_of(world_.txs.begin(), world_.txs.end(), [](const Tx& tx) { return tx.state == Tx::State::pending; });
    const bool quiet = world_.script == scenario_.deeds.size() && !open && !pending && world_.late.empty() && engine_ &&
                       !engine_->recovering() &&
                       std::all_of(tables_->subscriptions.begin(), tables_->subscriptions.end(), is_end);
    world_.quiet = quiet ? world_.quiet + 1 : 0;
}

bool System::ended() const { return world_.quiet >= kQuiet; }

// What holds in every state. The verbs check more while they run (forbid_if_paid).
void System::check() {
    for (std::size_t i = 0; i < world_.vms.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            // Under another id it is another order, and the first one's is cleaned.
            if (world_.vms[i].epoch == world_.vms[k].epoch && world_.vms[i].id == world_.vms[k].id)
                violated(world_, "OneVm: two VMs of one order");
            if (world_.vms[i].address == world_.vms[k].address) violated(world_, "OneVm: two VMs with one address");
        }
    }
    for (std::size_t i = 0; i < world_.volumes.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            if (world_.volumes[i].epoch == world_.volumes[k].epoch && world_.volumes[i].id == world_.volumes[k].id)
                violated(world_, "OneVm: two volumes of one order");
        }
    }
}

namespace {

bool has_alarm(const Tables& tables, const std::string& subject, const std::string& reason) {
    return std::any_of(tables.alarms.begin(), tables.alarms.end(),
                       [&](const auto& alarm) { return alarm->subject == subject && alarm->reason == reason; });
}

// May this stay at the end? It belongs to a row that is held, or it is an orphan, and somebody was told.
bool is_accounted_for(const Tables& tables, const std::string& op_id, const std::string& epoch) {
    if (has_alarm(tables, "orphan:" + op_id, "orphan")) return true;
    return std::any_of(tables.subscriptions.begin(), tables.subscriptions.end(), [&](const auto& row) {
        return row->state == State::held && row->tx + ":" + std::to_string(row->ordinal) == epoch;
    });
}

std::string wrong_left(const World& w, const Tables& t) {
    for (const VmObject& vm : w.vms) {
        if (!is_accounted_for(t, vm.op_id, vm.epoch)) return "NothingLeft: a VM of " + vm.epoch + " is left";
    }
    for (const VolumeObject& volume : w.volumes) {
        if (!is_accounted_for(t, volume.op_id, volume.epoch))
            return "NothingLeft: a volume of " + volume.epoch + " is left";
    }
    for (const Binding& binding : w.bindings) {
        const bool has_vm =
            std::any_of(w.vms.begin(), w.vms.end(), [&](const VmObject& vm) { return vm.op_id == binding.owner; });
        if (!has_vm) return "NothingLeft: a place on the network is left";
    }
    for (const auto& address : t.addresses) {
        const bool kept =
            address->row == 0 || std::any_of(t.subscriptions.begin(), t.subscriptions.end(), [&](const auto& row) {
                return row->row == address->row && row->state == State::held;
            });
        if (!kept) return "NothingLeft: the address " + address->address + " is left";
    }
    return {};
}

}  // namespace

std::string wrong_at_end(const System& system, const Scenario& scenario, bool transient) {
    const World& w = system.world();
    const Tables& t = system.tables();
    for (const auto& row : t.subscriptions) {
        const std::string subject = "subscription:" + row->id;
        if (row->state != State::held) continue;
        if (!has_alarm(t, subject, "held")) return "EveryOrderEnds: " + subject + " is held without an alarm";
        if (transient) return "Served: " + subject + " is held (" + row->reason + ") by what passes by itself";
    }
    if (std::string left = wrong_left(w, t); !left.empty()) return left;
    Contract c = w.head().contract;
    for (std::size_t i = 0; i < kIds; ++i) {
        const Order& o = c.orders[i];
        if (!o.exists) continue;
        if (transient && scenario.served && !o.delivered) {
            return "Served: order " + std::to_string(i + 1) + " was not served, because of what passes by itself";
        }
        // Undelivered: the buyer has all of it. Delivered: nobody's money is kept in an order that has ended.
        if (!o.delivered && o.amount != 0) return "EveryWei: order " + std::to_string(i + 1) + " keeps its money";
        if (o.closed && o.amount != 0) return "EveryWei: order " + std::to_string(i + 1) + " is closed and keeps money";
    }
    if (c.paid_in != c.withdrawn + c.claimed + c.held()) return "EveryWei: the contract's balance does not add up";
    return {};
}

}  // namespace bh::life::model
