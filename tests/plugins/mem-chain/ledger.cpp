#include "tests/plugins/mem-chain/ledger.hpp"

#include <algorithm>
#include <cstdio>

namespace bh::mem {
namespace {

// A revert; the chain turns it into a failed transaction.
Failure revert(std::string reason) { return {BH_E_CONFLICT, "reverted", std::move(reason)}; }

ChainEvent log(const char* type, const char* name, const std::string& subscription = {}) {
    ChainEvent event;
    event.type = type;
    event.name = name;
    event.subscription = subscription;
    return event;
}
ChainEvent expiring(const char* type, const char* name, const std::string& subscription, std::uint64_t end) {
    ChainEvent event = log(type, name, subscription);
    event.expires_at = {static_cast<std::int64_t>(end)};
    return event;
}
Amount amount_of(std::uint64_t units) { return {std::to_string(units)}; }

__extension__ using Wide = unsigned __int128;

}  // namespace

std::uint64_t earned(const SubscriptionRow& row, std::uint64_t now) {
    if (now >= row.end) return row.amount;
    return static_cast<std::uint64_t>(Wide{row.amount} * (now - row.start) / (row.end - row.start));
}

std::string pretended_hash(std::string_view text) {
    std::string out;
    for (std::uint64_t lane = 0; lane < 4; ++lane) {
        std::uint64_t hash = 14695981039346656037ULL + lane;
        for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
        char hex[17];
        std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(hash));
        out += hex;
    }
    return out;
}

std::string order_of(const std::string& buyer, const std::string& plan, std::uint64_t paid_seconds,
                     std::uint64_t amount, const Bytes& request) {
    return "0x" + pretended_hash(buyer + "|" + plan + "|" + std::to_string(paid_seconds) + "|" +
                                 std::to_string(amount) + "|" + hex_from_bytes(request));
}

Result<std::vector<ChainEvent>> Ledger::apply(const std::string& sender, const ContractCall& call, std::uint64_t now) {
    const std::string& f = call.function;
    if (call.deadline != 0 && now > call.deadline) return revert("the deadline has passed");
    if (f == "create_plan") return create_plan(sender, call);
    if (f == "purchase") return purchase(sender, call, now);
    if (f == "deliver") return deliver(sender, call, now);
    if (f == "decline") return decline(sender, call);
    if (f == "refund") return refund(sender, call, now);
    if (f == "extend") return extend(sender, call, now);
    if (f == "cancel") return cancel(sender, call, now);
    if (f == "close") return close(sender, call, now);
    if (f == "update") return update(sender, call);
    if (f == "burn") return burn(sender, call);
    if (f == "set_capacity" || f == "set_active") return set_plan(sender, call);
    if (f == "credit_time") return credit_time(sender, call, now);
    if (f == "withdraw") return withdraw(call, now);
    if (f == "claim") return claim(sender);
    if (f == "transfer") return transfer(sender, call);
    return revert("the contract has no function " + f);
}

const SubscriptionRow* Ledger::subscription(const std::string& id) const {
    const auto found = subscriptions_.find(id);
    return found == subscriptions_.end() ? nullptr : &found->second;
}
const PlanRow* Ledger::plan(const std::string& id) const {
    const auto found = plans_.find(id);
    return found == plans_.end() ? nullptr : &found->second;
}

Result<SubscriptionRow*> Ledger::known(const std::string& id) {
    const auto found = subscriptions_.find(id);
    if (found == subscriptions_.end()) return revert("there is no subscription " + id);
    return &found->second;
}
Result<SubscriptionRow*> Ledger::for_agent(const std::string& sender, const std::string& id) {
    auto row = known(id);
    if (row && sender != plans_[(*row)->plan].agent) return revert("the sender is not the plan's agent");
    return row;
}
Result<SubscriptionRow*> Ledger::live(const std::string& id) {
    auto row = known(id);
    if (row && (!(*row)->delivered || (*row)->cancelled || (*row)->closed)) return revert("it is not live");
    return row;
}

std::uint64_t Ledger::settle(SubscriptionRow& row, std::uint64_t now) {
    const std::uint64_t fresh = earned(row, now) - row.settled;
    row.settled += fresh;
    money_.unearned -= fresh;
    money_.earned += fresh;
    return fresh;
}
void Ledger::restart(SubscriptionRow& row, std::uint64_t added, std::uint64_t end, std::uint64_t now) {
    settle(row, now);
    row.amount = row.amount - row.settled + added;
    row.settled = 0;
    row.start = now;
    row.end = end;
    money_.unearned += added;
}
std::uint64_t Ledger::stop(SubscriptionRow& row, std::uint64_t now) {
    settle(row, now);
    const std::uint64_t left = row.amount - row.settled;
    money_.unearned -= left;
    row.amount = row.settled = 0;
    row.end = std::min(row.end, now);
    return left;
}
void Ledger::credit(const std::string& who, std::uint64_t amount) {
    if (amount == 0) return;
    credits_[who] += amount;
    money_.credits += amount;
}

ChainEvent Ledger::plan_log(const std::string& id, const char* name) const {
    const PlanRow& plan = plans_.at(id);
    ChainEvent event = log("plan", name);
    event.plan = id;
    event.plan_state = ChainEvent::PlanState{plan.resources, plan.window_s, plan.grace_s, plan.setup_days,
                                             plan.active,    plan.total,    plan.agent};
    return event;
}

Ledger::Logs Ledger::create_plan(const std::string& sender, const ContractCall& call) {
    if (sender != accounts_.operator_key) return revert("only the operator makes plans");
    const std::string id = std::to_string(plans_.size() + 1);
    plans_[id] = {call.text, accounts_.agent,    call.window_s,   call.grace_s, call.total,
                  0,         call.price_per_day, call.setup_days, true};
    return std::vector{plan_log(id, "PlanCreated")};
}

Ledger::Logs Ledger::set_plan(const std::string& sender, const ContractCall& call) {
    const auto found = plans_.find(call.plan);
    if (found == plans_.end()) return revert("there is no plan " + call.plan);
    const bool capacity = call.function == "set_capacity";
    if (sender != accounts_.operator_key && !(capacity && sender == found->second.agent))
        return revert("the sender may not change the plan");
    if (capacity) {
        found->second.total = call.total;
        return std::vector{plan_log(call.plan, "CapacityChanged")};
    }
    found->second.active = call.active;
    return std::vector{plan_log(call.plan, "PlanActiveChanged")};
}

Ledger::Logs Ledger::purchase(const std::string& sender, const ContractCall& call, std::uint64_t now) {
    const auto found = plans_.find(call.plan);
    if (found == plans_.end()) return revert("there is no plan " + call.plan);
    PlanRow& plan = found->second;
    if (!plan.active) return revert("the plan is inactive");
    if (plan.open >= plan.total) return revert("the plan is sold out");
    if (call.days == 0 || call.days > kMaxDays) return revert("the days are out of range");
    if (call.data.size() > 1024) return revert("the sealed request is too long");
    ++plan.open;
    SubscriptionRow row;
    row.plan = call.plan;
    row.buyer = call.to.empty() ? sender : call.to;
    row.paid_seconds = call.days * kDay;
    row.purchased_at = now;
    row.amount = plan.price_per_day * (call.days + plan.setup_days);
    row.order = order_of(row.buyer, row.plan, row.paid_seconds, row.amount, call.data);
    money_.balance += row.amount;
    money_.paid += row.amount;
    money_.undelivered += row.amount;
    const std::string id = std::to_string(subscriptions_.size() + 1);
    subscriptions_[id] = row;
    ChainEvent event = log("purchased", "SubscriptionPurchased", id);
    event.plan = row.plan;
    event.actor = row.buyer;
    event.paid_seconds = row.paid_seconds;
    event.token = "native";
    event.amount = amount_of(row.amount);
    event.order = row.order;
    event.data = call.data;
    return std::vector{event};
}

Ledger::Logs Ledger::deliver(const std::string& sender, const ContractCall& call, std::uint64_t now) {
    const auto found = for_agent(sender, call.subscription);
    if (!found) return found.failure();
    SubscriptionRow& row = **found;
    if (row.delivered || row.declined || row.refunded) return revert("it is not open");
    if (call.order != row.order) return revert("the order is another one");
    if (call.data.size() > 1024) return revert("the sealed credential is too long");
    const PlanRow& plan = plans_[row.plan];
    const bool in_window = now <= row.purchased_at + plan.window_s;
    const std::uint64_t setup =
        in_window ? row.amount * plan.setup_days / (row.paid_seconds / kDay + plan.setup_days) : 0;
    money_.undelivered -= row.amount;
    money_.unearned += row.amount - setup;
    money_.earned += setup;
    row.delivered = true;
    row.amount -= setup;
    row.start = row.delivered_at = now;
    row.end = now + row.paid_seconds;
    row.owner = row.buyer;
    row.sealed = call.data;
    row.attestation_hash = call.text;
    // The credential's own log comes first, as it does where mint is a call of the delivery.
    ChainEvent minted = log("other", "Transfer", call.subscription);
    minted.owner = row.owner;
    return std::vector{minted, expiring("delivered", "SubscriptionDelivered", call.subscription, row.end)};
}

Ledger::Logs Ledger::give_back(SubscriptionRow& row, const ContractCall& call, const char* type, const char* name) {
    --plans_[row.plan].open;
    money_.undelivered -= row.amount;
    credit(row.buyer, row.amount);
    ChainEvent event = log(type, name, call.subscription);
    event.actor = row.buyer;
    event.token = "native";
    event.amount = amount_of(row.amount);
    row.amount = 0;
    return std::vector{event};
}

Ledger::Logs Ledger::decline(const std::string& sender, const ContractCall& call) {
    const auto found = for_agent(sender, call.subscription);
    if (!found) return found.failure();
    SubscriptionRow& row = **found;
    if (row.delivered || row.declined || row.refunded) return revert("it is not open");
    if (call.order != row.order) return revert("the order is another one");
    if (call.text.size() > 64) return revert("the reason is too long");
    row.declined = true;
    return give_back(row, call, "declined", "Declined");
}

Ledger::Logs Ledger::refund(const std::string& sender, const ContractCall& call, std::uint64_t now) {
    const auto found = known(call.subscription);
    if (!found) return found.failure();
    SubscriptionRow& row = **found;
    if (row.delivered || row.declined || row.refunded) return revert("it is not open");
    const std::uint64_t wait = plans_[row.plan].window_s + (sender == row.buyer ? 0 : 30 * kDay);
    if (now <= row.purchased_at + wait) return revert("it is too early");
    row.refunded = true;
    return give_back(row, call, "refunded", "Refunded");
}

Ledger::Logs Ledger::extend(const std::string& sender, const ContractCall& call, std::uint64_t now) {
    const auto found = live(call.subscription);
    if (!found) return found.failure();
    SubscriptionRow& row = **found;
    const PlanRow& plan = plans_[row.plan];
    if (!plan.active) return revert("the plan is inactive");
    if (call.days == 0 || call.days > kMaxDays) return revert("the days are out of range");
    const std::uint64_t end = std::max(row.end, now) + call.days * kDay;
    if (end > now + kMaxDays * kDay) return revert("the expiry is too far");
    const std::uint64_t amount = plan.price_per_day * call.days;
    money_.balance += amount;
    money_.paid += amount;
    restart(row, amount, end, now);
    row.paid_seconds += call.days * kDay;
    ChainEvent event = expiring("extended", "Extended", call.subscription, end);
    event.actor = sender;
    event.paid_seconds = call.days * kDay;
    event.token = "native";
    event.amount = amount_of(amount);
    return std::vector{event};
}

Ledger::Logs Ledger::cancel(const std::string& sender, const ContractCall& call, std::uint64_t now) {
    const auto found = live(call.subscription);
    if (!found) return found.failure();
    SubscriptionRow& row = **found;
    if (sender != row.owner && sender != accounts_.operator_key) return revert("the sender may not cancel");
    row.cancelled = true;
    row.by_operator = sender != row.owner;
    const std::uint64_t left = stop(row, now);
    credit(row.owner, left);
    ChainEvent event = expiring("cancelled", "Cancelled", call.subscription, row.end);
    event.actor = sender;
    event.token = "native";
    event.amount = amount_of(left);
    return std::vector{event};
}

Ledger::Logs Ledger::close(const std::string& sender, const ContractCall& call, std::uint64_t now) {
    const auto found = for_agent(sender, call.subscription);
    if (!found) return found.failure();
    SubscriptionRow& row = **found;
    if (!row.delivered || row.closed) return revert("it is not live");
    const bool by_owner = row.cancelled && !row.by_operator;
    if (!by_owner && now <= row.end + plans_[row.plan].grace_s) return revert("it is too early");
    row.closed = true;
    stop(row, now);
    return std::vector{expiring("closed", "Closed", call.subscription, row.end)};
}

Ledger::Logs Ledger::update(const std::string& sender, const ContractCall& call) {
    const auto found = for_agent(sender, call.subscription);
    if (!found) return found.failure();
    if ((*found)->owner.empty() || (*found)->owner != call.to) return revert("the owner is another one");
    (*found)->sealed = call.data;
    return std::vector{log("credential_updated", "CredentialUpdated", call.subscription)};
}

Ledger::Logs Ledger::burn(const std::string& sender, const ContractCall& call) {
    const auto found = for_agent(sender, call.subscription);
    if (!found) return found.failure();
    SubscriptionRow& row = **found;
    if (!row.closed || row.burned) return revert("it can't be burned");
    row.burned = true;
    row.owner.clear();
    row.sealed.clear();
    --plans_[row.plan].open;
    return std::vector{log("other", "Transfer", call.subscription), log("burned", "Burned", call.subscription)};
}

Ledger::Logs Ledger::credit_time(const std::string& sender, const ContractCall& call, std::uint64_t now) {
    const auto agent = for_agent(sender, call.subscription);
    if (!agent) return agent.failure();
    const auto found = live(call.subscription);
    if (!found) return found.failure();
    SubscriptionRow& row = **found;
    const std::uint64_t earliest = row.outage_until == 0 ? row.delivered_at : row.outage_until;
    if (call.from < earliest || call.from >= call.until || call.until > now) return revert("the outage is not valid");
    const std::uint64_t length = call.until - call.from;
    if (length > row.paid_seconds - row.outage_credited) return revert("no more can be credited");
    row.outage_until = call.until;
    row.outage_credited += length;
    restart(row, 0, std::max(row.end, now) + length, now);
    return std::vector{expiring("time_credited", "TimeCredited", call.subscription, row.end)};
}

Ledger::Logs Ledger::withdraw(const ContractCall& call, std::uint64_t now) {
    for (const std::string& id : call.subscriptions) {
        const auto found = subscriptions_.find(id);
        if (found != subscriptions_.end() && found->second.delivered) settle(found->second, now);
    }
    ChainEvent event = log("withdrawn", "Withdrawn");
    event.token = "native";
    event.actor = accounts_.treasury;
    event.amount = amount_of(money_.earned);
    money_.balance -= money_.earned;
    money_.withdrawn += money_.earned;
    money_.earned = 0;
    return std::vector{event};
}

Ledger::Logs Ledger::claim(const std::string& sender) {
    const auto found = credits_.find(sender);
    if (found == credits_.end()) return revert("there is no credit");
    ChainEvent event = log("claimed", "Claimed");
    event.token = "native";
    event.actor = event.owner = sender;
    event.amount = amount_of(found->second);
    money_.credits -= found->second;
    money_.balance -= found->second;
    money_.claimed += found->second;
    credits_.erase(found);
    return std::vector{event};
}

Ledger::Logs Ledger::transfer(const std::string& sender, const ContractCall& call) {
    const auto found = live(call.subscription);
    if (!found) return found.failure();
    if ((*found)->owner != sender) return revert("the sender is not the owner");
    (*found)->owner = call.to;
    ChainEvent event = log("transferred", "Transfer", call.subscription);
    event.actor = sender;
    event.owner = call.to;
    return std::vector{event};
}

}  // namespace bh::mem
