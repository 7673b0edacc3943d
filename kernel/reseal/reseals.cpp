#include "kernel/reseal/rebuilt.hpp"

#include "kernel/journal/audit.hpp"
#include "kernel/journal/events.hpp"
#include "kernel/journal/jobs.hpp"
#include "kernel/journal/resources.hpp"
#include "kernel/journal/store.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/fingerprint.hpp"
#include "kernel/lifecycle/op_id.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/documents/json.hpp"

#include <algorithm>

namespace bh::reseal {
namespace {

using life::State;
using life::SubscriptionRow;
using nlohmann::json;

constexpr const char* kStore = "#reseal";  // no plugin instance can be called so
constexpr const char* kStep = "reseal";
constexpr std::uint16_t kSshPort = 22;
constexpr std::size_t kMostKept = 500;
constexpr std::uint64_t kNsPerMs = 1'000'000;

std::string key_of(const std::string& nonce) { return crypto::hex(crypto::sha256(crypto::bytes_of(nonce))); }
std::string subject_of(const Order& order) { return "subscription:" + order.subscription; }

Bytes encode(const Order& o) {
    const std::string text = json{
        {"nonce", o.nonce},
        {"op_id", o.op_id},
        {"row", o.row},
        {"instance", o.instance},
        {"subscription", o.subscription},
        {"owner", o.owner},
        {"request", crypto::hex(o.request)},
        {"sealed", crypto::hex(o.sealed)},
        {"checkpoint", crypto::hex(o.checkpoint)},
        {"attempt", o.attempt},
        {"ordered_ms", o.ordered_ms},
        {"not_before_ms", o.not_before_ms},
        {"state", o.state},
        {"reason", o.reason},
        {"tx", o.tx}}.dump(-1, ' ', false, json::error_handler_t::replace);
    return {text.begin(), text.end()};
}

Result<Order> decode(const Bytes& bytes) {
    const auto object = json::parse(bytes.begin(), bytes.end(), nullptr, false);
    const Failure broken{BH_E_CORRUPT, "reseal_order", "an order to reseal in the journal can't be read", 0};
    if (!object.is_object()) return broken;
    try {
        Order o;
        const auto hex_at = [&](const char* name) { return *crypto::parse_hex(object.at(name).get<std::string>()); };
        const auto text_at = [&](const char* name) { return object.at(name).get<std::string>(); };
        o.nonce = text_at("nonce"), o.op_id = text_at("op_id"), o.instance = text_at("instance");
        o.subscription = text_at("subscription"), o.owner = text_at("owner"), o.state = text_at("state");
        o.reason = text_at("reason"), o.tx = text_at("tx");
        o.request = hex_at("request"), o.sealed = hex_at("sealed"), o.checkpoint = hex_at("checkpoint");
        o.row = object.at("row").get<std::int64_t>(), o.attempt = object.at("attempt").get<std::uint32_t>();
        o.ordered_ms = object.at("ordered_ms").get<std::int64_t>();
        o.not_before_ms = object.at("not_before_ms").get<std::int64_t>();
        return o;
    } catch (const json::exception&) {
        return broken;
    }
}

Failure refused(const std::string& reason, const std::string& why) { return {BH_E_CONFLICT, reason, why, 0}; }

}  // namespace

Reseals::Reseals(life::Journal& journal, life::Ports& ports, life::EngineConfig config, std::function<bool()> may_run)
    : journal_{journal}, ports_{ports}, config_{std::move(config)}, may_run_{std::move(may_run)} {}

Result<Order> Reseals::load(const std::string& nonce) {
    const auto bytes = life::store_get(journal_, kStore, key_of(nonce));
    if (!bytes) return bytes.failure();
    return decode(*bytes);
}

Status Reseals::save(const Order& order) {
    return life::store_put(journal_, kStore, {{key_of(order.nonce), encode(order)}});
}

Result<std::vector<Order>> Reseals::list() {
    std::vector<Order> all;
    std::string page;
    for (;;) {
        const auto keys = life::store_list(journal_, kStore, "", page);
        if (!keys) return keys.failure();
        for (const auto& key : keys->keys) {
            const auto bytes = life::store_get(journal_, kStore, key);
            if (!bytes) return bytes.failure();
            auto order = decode(*bytes);
            if (!order) return order.failure();
            all.push_back(std::move(*order));
        }
        if (keys->next.empty()) break;
        page = keys->next;
    }
    std::sort(all.begin(), all.end(), [](const Order& a, const Order& b) { return a.ordered_ms < b.ordered_ms; });
    return all;
}

Result<std::string> Reseals::owner_of(std::int64_t number) {
    std::optional<SubscriptionRow> row;
    Position final_at;
    const auto read = journal_.read([&](life::Tx& tx) -> Status {
        row = life::subscription_by_row(tx, number);
        if (!row) return {};
        if (const auto cursor = life::cursor_of(tx, row->instance)) final_at = cursor->final.position;
        return {};
    });
    if (!read) return read.failure();
    if (!row) return Failure{BH_E_NOT_FOUND, "not_found", "there is no such subscription", 0};
    if (!has_owner(row->state)) {
        return refused("no_owner", "the subscription is " + std::string{life::to_text(row->state)} +
                                       ": details are resealed while it is delivered and not over");
    }
    auto chain = life::port_of(ports_.chains, row->instance);
    if (!chain) return chain.failure();
    const auto facts = (*chain)->describe();
    if (!facts) return facts.failure();
    if (std::find(facts->capabilities.begin(), facts->capabilities.end(), "update") == facts->capabilities.end()) {
        return Failure{BH_E_UNSUPPORTED, "no_update",
                       "the contract of " + row->instance + " can't replace what a credential holds", 0};
    }
    const auto at_final = (*chain)->owner_of(row->id, final_at, 0);
    if (!at_final) return at_final.failure();
    const auto at_head = (*chain)->owner_of(row->id, {}, 0);
    if (!at_head) return at_head.failure();
    if (!at_final->exists || !at_head->exists || at_final->owner != at_head->owner)
        return refused("owner_changing", "the credential changes hands just now: try again when that is final");
    return at_head->owner;
}

Result<Order> Reseals::order(std::int64_t number, const Bytes& request, const std::string& nonce) {
    const std::lock_guard lock{mutex_};
    if (nonce.empty()) return invalid("nonce", "an order needs a nonce");
    if (auto known = load(nonce); known || known.failure().code != BH_E_NOT_FOUND) {
        if (known && known->row != number) return refused("nonce_used", "this command's nonce was another command's");
        return known;
    }
    const auto all = list();
    if (!all) return all.failure();
    for (const Order& each : *all) {
        if (each.waits() && each.row == number)
            return refused("reseal_running", "an order to reseal this subscription's details is under way");
    }
    const auto owner = owner_of(number);
    if (!owner) return owner.failure();
    Order order;
    order.nonce = nonce, order.row = number, order.owner = *owner, order.request = request;
    life::RequestContext context;
    const auto read = journal_.read([&](life::Tx& tx) -> Status {
        const auto row = life::subscription_by_row(tx, number);
        if (!row) return {};
        order.instance = row->instance, order.subscription = row->id;
        context = {row->chain, row->contract, *owner, row->id};
        order.op_id = life::op_id({row->chain, row->contract, subject_of(order), kStep, "", nonce});
        return {};
    });
    if (!read) return read.failure();
    if (const auto opens = ports_.seal.check_request(context, request); !opens) return opens.failure();
    order.ordered_ms = ports_.clock.unix_ms();
    const auto said = journal_.write("operator", [&](life::Tx& tx) -> Status {
        life::append_audit(tx, "operator", "command", subject_of(order), "credential reseal for " + order.owner);
        return {};
    });
    if (!said) return said.failure();
    // The newest that ended are kept, so that a command that is sent again is answered.
    std::vector<life::StoreEntry> entries{{key_of(nonce), encode(order)}};
    for (std::size_t i = 0, over = all->size() < kMostKept ? 0 : all->size() - kMostKept + 1; i < all->size(); ++i) {
        if (over == 0) break;
        if ((*all)[i].waits()) continue;
        entries.push_back({key_of((*all)[i].nonce), {}});
        --over;
    }
    if (const auto saved = life::store_put(journal_, kStore, entries); !saved) return saved.failure();
    return order;
}

bool Reseals::step() {
    if (!may_run_()) return false;
    if (order_rebuilt()) return true;
    const auto all = list();
    if (!all) return false;
    const std::int64_t now = ports_.clock.unix_ms();
    for (const Order& each : *all) {
        if (!each.waits()) continue;
        // A clock that was set back delays nothing for longer than it would have waited.
        if (each.not_before_ms > now && each.not_before_ms - now <= config_.backoff_max_ms) continue;
        advance(each);
        return true;
    }
    return false;
}

void Reseals::wait(Order& order, const std::string& why, std::int64_t ms) {
    order.reason = why;
    order.not_before_ms = ports_.clock.unix_ms() + ms;
    (void)save(order);  // a journal that can't be written is tried again by the next step
}

void Reseals::advance(Order order) {
    bool parked = true, over = true;
    const auto read = journal_.read([&](life::Tx& tx) -> Status {
        const auto row = life::subscription_by_row(tx, order.row);
        over = !row || (!has_owner(row->state) && row->state != State::closing && row->state != State::rebuilding);
        const auto cursor = life::cursor_of(tx, order.instance);
        parked = !cursor || cursor->parked_destruction || !cursor->final.position.known();
        return {};
    });
    if (!read) return;
    if (parked) return wait(order, "the chain waits for an operator", config_.backoff_max_ms);
    // What may have been sent is asked for until the chain says what became of it.
    if (over && order.attempt == 0) {
        (void)finish(order, "refused", "the subscription is over", "");
        return;
    }
    if (order.sealed.empty()) {
        const auto owner = owner_of(order.row);
        if (owner && *owner != order.owner) {
            (void)finish(order, "refused", "the credential has another owner now", "");
            return;
        }
        auto sealed = owner ? seal(order) : Result<Bytes>{owner.failure()};
        if (!sealed) return wait(order, sealed.failure().message, config_.backoff_max_ms);
        order.sealed = std::move(*sealed);
        if (!save(order)) return;
        ports_.boundaries.at("effect/reseal/sealed");
    }
    submit(order);
}

Result<Bytes> Reseals::seal(const Order& order) {
    std::optional<life::VmRow> vm;
    life::RequestContext context;
    const auto read = journal_.read([&](life::Tx& tx) -> Status {
        vm = life::vm_of(tx, order.row);
        const auto row = life::subscription_by_row(tx, order.row);
        if (row) context = {row->chain, row->contract, order.owner, row->id};
        return {};
    });
    if (!read) return read.failure();
    if (!vm) return Failure{BH_E_UNAVAILABLE, "no_vm", "the journal has no VM of this subscription", 0};
    if (vm->host_key.empty()) {
        // A journal that was derived anew does not know it. Who has the VM is who asks for the seal.
        auto hypervisor = life::port_of(ports_.hypervisors, vm->instance);
        if (!hypervisor) return hypervisor.failure();
        life::Call call;
        call.op_id = order.op_id, call.trace_id = subject_of(order) + "/" + kStep;
        call.deadline_ns =
            ports_.clock.monotonic_ns() + static_cast<std::uint64_t>(config_.short_deadline_ms) * kNsPerMs;
        call.save = [](const Bytes&) -> Status { return {}; };
        const auto hello = (*hypervisor)->guest_hello(call, vm->vm);
        if (!hello) return hello.failure();
        if (const auto print = life::ssh_fingerprint(hello->host_key); !print) return print.failure();
        vm->host_key = hello->host_key;
    }
    return ports_.seal.seal_credential(context, order.request,
                                       {vm->address, kSshPort, config_.login_user, vm->host_key});
}

void Reseals::submit(Order& order) {
    ++order.attempt;
    if (!save(order)) return;
    auto chain = life::port_of(ports_.chains, order.instance);
    if (!chain) return wait(order, chain.failure().message, config_.backoff_max_ms);
    Position final_at;
    const auto read = journal_.read([&](life::Tx& tx) -> Status {
        if (const auto cursor = life::cursor_of(tx, order.instance)) final_at = cursor->final.position;
        return {};
    });
    if (!read) return;
    life::Call call;
    call.op_id = order.op_id, call.trace_id = subject_of(order) + "/" + kStep, call.attempt = order.attempt;
    call.checkpoint = order.checkpoint, call.cancel = &cancel_;
    call.deadline_ns = ports_.clock.monotonic_ns() + static_cast<std::uint64_t>(config_.short_deadline_ms) * kNsPerMs;
    call.save = [this, &order](const Bytes& bytes) -> Status {
        Order changed = order;
        changed.checkpoint = bytes;
        if (auto saved = save(changed); !saved) return saved;
        order.checkpoint = bytes;
        return {};
    };
    Intent intent;
    intent.action = "update", intent.subscription = order.subscription, intent.owner = order.owner;
    intent.sealed = order.sealed;
    const auto receipt = (*chain)->submit(call, intent, final_at);
    ports_.boundaries.at("effect/reseal");
    if (!receipt) return settle(order, receipt.failure());
    (void)finish(order, "done", "", receipt->tx);
}

void Reseals::settle(Order& order, const Failure& failure) {
    switch (failure.code) {
        case BH_PENDING:
            return wait(order, failure.message, std::max<std::int64_t>(config_.backoff_min_ms, failure.retry_after_ms));
        case BH_E_INTERRUPTED:
            return wait(order, failure.message, 0);
        case BH_E_CONFLICT:
        case BH_E_INVALID:
        case BH_E_UNSUPPORTED:
            (void)finish(order, "refused", failure.message, "");
            return;
        default:
            return wait(order, failure.message, config_.backoff_max_ms);
    }
}

Status Reseals::finish(Order& order, const std::string& state, const std::string& reason, const std::string& tx) {
    const bool done = state == "done";
    // First the journal's own copy and the audit log: a crash in between does it again, and the chain answers the same.
    const auto written = journal_.write("resealed", [&](life::Tx& t) -> Status {
        if (auto credential = life::credential_of(t, order.row); credential && done) {
            credential->sealed = order.sealed;
            life::save_credential(t, *credential);
        }
        if (done) life::clear_alarms(t, subject_of(order), kOldDetails);
        const auto row = life::subscription_by_row(t, order.row);
        if (!done && order.nonce.starts_with(kRebuild) && row && has_owner(row->state))
            alarm_old_details(t, order.subscription, reason);
        life::append_audit(t, "kernel", done ? "resealed" : "reseal_refused", subject_of(order),
                           done ? order.owner + " " + tx : reason);
        return {};
    });
    if (!written) return written;
    if (done) keep_request(order);
    order.state = state, order.reason = reason, order.tx = tx;
    order.request.clear(), order.sealed.clear(), order.checkpoint.clear();
    return save(order);
}

}  // namespace bh::reseal
