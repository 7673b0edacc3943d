// A VM that was built anew: its owner's details are resealed to the key that he asked with last.
#include "kernel/reseal/rebuilt.hpp"

#include "kernel/journal/jobs.hpp"
#include "kernel/journal/store.hpp"
#include "kernel/journal/subscriptions.hpp"
#include "kernel/lifecycle/rebuild.hpp"
#include "plugin-api/crypto/digest.hpp"

namespace bh::reseal {
namespace {

using life::State;
using life::SubscriptionRow;

constexpr const char* kRequests = "#reseal-requests";  // the newest request by row and owner

std::string key_of(std::int64_t row, const std::string& owner) {
    return std::to_string(row) + "." + crypto::hex(crypto::sha256(crypto::bytes_of(owner)));
}

// Nobody is there whom its details could be for.
constexpr bool is_over(State state) noexcept {
    return state == State::retiring || state == State::destroyed || state == State::burning || state == State::ended;
}

}  // namespace

void alarm_old_details(life::Tx& tx, const std::string& subscription, const std::string& why) {
    life::raise_alarm(tx, "subscription:" + subscription, kOldDetails,
                      "its VM was built anew and has another SSH host key, and its owner was not told: " + why +
                          ". Get a request or public key from him and give `blockhost credential reseal " +
                          subscription + "`");
}

// A store that is full keeps none: then it is the purchase's own request that is taken.
void Reseals::keep_request(const Order& order) {
    (void)life::store_put(journal_, kRequests, {{key_of(order.row, order.owner), order.request}});
}

Result<Bytes> Reseals::newest_request(const SubscriptionRow& row, const std::string& owner) {
    auto kept = life::store_get(journal_, kRequests, key_of(row.row, owner));
    if (kept || kept.failure().code != BH_E_NOT_FOUND) return kept;
    return row.sealed_request;
}

// True: an order was given, or can't be. The mark goes after the order is in the store; the same order twice is one.
bool Reseals::order_rebuilt() {
    if (next_rebuilt_ms_ > ports_.clock.unix_ms() &&
        next_rebuilt_ms_ - ports_.clock.unix_ms() <= config_.backoff_max_ms) {
        return false;
    }
    struct Marked {
        life::Rebuilt mark;
        SubscriptionRow row;
    };
    std::vector<Marked> all;
    const auto read = journal_.read([&](life::Tx& tx) -> Status {
        for (auto& mark : life::rebuilt_rows(tx)) {
            if (auto row = life::subscription_by_row(tx, mark.row)) all.push_back({std::move(mark), std::move(*row)});
        }
        return {};
    });
    if (!read) return false;
    for (const auto& [mark, row] : all) {
        std::string why;
        if (!is_over(row.state)) {
            // Held, or not built yet.
            if (!has_owner(row.state)) continue;
            const auto owner = owner_of(row.row);
            const auto request = owner ? newest_request(row, *owner) : Result<Bytes>{owner.failure()};
            const auto made =
                request ? order(row.row, *request, kRebuild + mark.command) : Result<Order>{request.failure()};
            if (!made && made.failure().code != BH_E_INVALID && made.failure().code != BH_E_UNSUPPORTED) continue;
            if (!made) why = made.failure().message;
        }
        const auto done = journal_.write("rebuilt", [&, &mark = mark, &row = row](life::Tx& tx) -> Status {
            life::forget_rebuilt(tx, mark.row);
            if (why.empty()) return {};
            alarm_old_details(tx, row.id, why);
            return {};
        });
        return done.ok();
    }
    next_rebuilt_ms_ = ports_.clock.unix_ms() + config_.backoff_min_ms;
    return false;
}

}  // namespace bh::reseal
