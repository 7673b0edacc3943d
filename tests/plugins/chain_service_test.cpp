// The service chain over a real chain plugin, as a plugin in this process has it: which contracts, which calls, one
// transaction for each step.
#include "kernel/plugins/chain_instances.hpp"
#include "kernel/plugins/testing.hpp"
#include "plugin-api/documents/contract.hpp"
#include "tests/plugins/harness.hpp"
#include "tests/plugins/mem-chain/driver.hpp"

#include <blockhost/svc/chain.h>
#include <catch2/catch_test_macros.hpp>

using namespace bh;
using mem::ChainDriver;
using namespace bh::mem::test;
using plugins::testing::Log;
using plugins::testing::Store;

namespace {

const std::string kBuyer = "0x00000000000000000000000000000000000000b0";
const std::string kContract = "0x00000000000000000000000000000000000000c0";

Bytes ascii(std::string_view text) { return {text.begin(), text.end()}; }

struct World {
    World() {
        chain.name = "ledger";
        chain.plugin = plugged.plugin();
        chain.self = plugged.self();
        instances.add(chain);
        plugins::ServiceBackends backends{&log, &store};
        backends.chain = &instances;
        plugins::ServiceGrants grants;
        grants.services = {BH_SVC_CHAIN};
        grants.chains["broker"] = {"ledger", {kContract}, {ascii("{\"function\":\"close\"")}};
        services.emplace("user", grants, backends);
        table = static_cast<const bh_svc_chain*>(kernel()->service(kernel(), BH_SVC_CHAIN));
    }
    const bh_kernel* kernel() const { return services->kernel(); }

    Result<ChainValue> read(const ChainRead& request, const Position& at = {}, const char* name = "broker") {
        return Plugged::document(parse_chain_value, [&, text = to_json(request), where = at.known() ? to_json(at) : ""](
                                                        bh_sink out, bh_error* err) {
            return table->read(kernel(), name, sdk::str(text), sdk::str(where), 0, out, err);
        });
    }
    Result<ChainLogs> logs(const ChainFilter& filter, const std::string& cursor, std::uint32_t max = 100) {
        return Plugged::document(parse_chain_logs, [&, text = to_json(filter)](bh_sink out, bh_error* err) {
            return table->logs(kernel(), "broker", sdk::str(text), sdk::str(cursor), max, out, err);
        });
    }
    Result<Receipt> submit(Job& job, const bh::ContractCall& intent, const char* step = "one") {
        return Plugged::document(parse_receipt, [&, text = to_json(intent)](bh_sink out, bh_error* err) {
            return table->submit(kernel(), job.next(), "broker", step, sdk::str(text), out, err);
        });
    }
    bh::ContractCall call(const std::string& subscription, const std::string& function = "close") {
        bh::ContractCall what;
        what.action = "call";
        what.contract = kContract;
        what.data =
            ascii(R"({"function":")" + function + R"(","subscription":")" + subscription + R"(","active":true})");
        return what;
    }
    std::string delivered() {
        const std::string id = driver.buy(kBuyer, plan, 1);
        driver.send(driver.state().agent, delivery(id));
        driver.mine();
        return id;
    }
    // A subscription whose owner has cancelled it: the agent may close it.
    std::string closable() {
        const std::string id = delivered();
        driver.cancel(kBuyer, id);
        driver.mine();
        return id;
    }
    mem::ContractCall delivery(const std::string& id) {
        mem::ContractCall call;
        call.function = "deliver";
        call.subscription = id;
        call.order = driver.subscription(id)->order;
        call.deadline = 1'900'000'000;
        call.data = {1};
        call.text = "0x02";
        return call;
    }

    TempDir dir;
    ChainDriver driver{dir.file("chain")};
    Plugged plugged{"org.blockhost.mem-chain", dir.file("chain")};
    std::string plan = driver.create_plan();
    Log log;
    Store store;
    Position final_at;
    std::int64_t now = 1000;
    plugins::ChainInstances instances{store, [this](const std::string&) { return final_at; }, [this] { return now; }};
    plugins::Instance chain;
    std::optional<plugins::Services> services;
    const bh_svc_chain* table = nullptr;
};

}  // namespace

TEST_CASE_METHOD(World, "a granted contract is read at a position, and no other") {
    const std::string id = delivered();
    const Position before = driver.head().position;
    const auto owner = read({kContract, ascii(id)});
    REQUIRE(owner);
    CHECK_FALSE(owner->reverted);
    CHECK(owner->data == ascii(kBuyer));
    CHECK(owner->position == before);
    driver.transfer(kBuyer, id, "0x00000000000000000000000000000000000000b1");
    driver.mine();
    CHECK(read({kContract, ascii(id)}, before)->data == ascii(kBuyer));
    CHECK(read({kContract, ascii(id)})->data != ascii(kBuyer));
    CHECK(read({kContract, ascii("99")})->reverted);
    // Any spelling of the granted contract is that contract.
    CHECK(read({"0x00000000000000000000000000000000000000C0", ascii(id)}).ok());
    const auto other = read({kBuyer, ascii(id)});
    CHECK(other.failure().code == BH_E_DENIED);
    CHECK(other.failure().reason == "not_granted");
    CHECK(read({kContract, ascii(id)}, {}, "bank").failure().code == BH_E_DENIED);
    CHECK(read({"nonsense", ascii(id)}).failure().code == BH_E_INVALID);
    CHECK(read({kContract, ascii(id)}, {"0xdead", 1}).failure().code == BH_E_UNAVAILABLE);
}

TEST_CASE_METHOD(World, "logs come after a cursor, filtered, and tell of a branch that was left") {
    driver.buy(kBuyer, plan, 1);
    driver.buy(kBuyer, plan, 1);
    const ChainFilter all{{kContract}, {}};
    const auto first = logs(all, "", 1);
    REQUIRE(first);
    REQUIRE(first->logs.size() == 1);
    CHECK(first->more);
    const ChainFilter purchases{{kContract}, {{ascii("purchased")}}};
    const auto bought = logs(purchases, "");
    REQUIRE(bought);
    REQUIRE(bought->logs.size() == 2);
    CHECK(bought->logs[0].contract == kContract);
    CHECK(bought->logs[1].data == ascii("2"));
    CHECK_FALSE(bought->rollback.known());
    CHECK(logs(purchases, bought->cursor)->logs.empty());
    driver.reorg(1);
    const auto after = logs(purchases, bought->cursor);
    REQUIRE(after);
    CHECK(after->rollback.known());
    CHECK(after->logs.size() == 1);  // mined again on the other branch
    CHECK(logs({{}, {}}, "").failure().reason == "bad_filter");
    CHECK(logs({{kContract, kBuyer}, {}}, "").failure().reason == "not_granted");
}

TEST_CASE_METHOD(World, "one step is one transaction, whatever dies in between, until it is final") {
    const std::string id = closable();
    Job job{"op-1"};
    CHECK(submit(job, call(id)).failure().code == BH_PENDING);
    CHECK(driver.waiting() == 1);
    driver.mine();
    CHECK(submit(job, call(id)).failure().code == BH_PENDING);  // nothing is final yet
    final_at = driver.head().position;
    Job restarted{"op-1"};  // the user's own checkpoint is not needed for it
    const auto receipt = submit(restarted, call(id));
    REQUIRE(receipt);
    CHECK(driver.subscription(id)->closed);
    CHECK(receipt->position.height <= final_at.height);
    // Asked again, the same answer, and nothing is sent.
    CHECK(submit(job, call(id))->tx == receipt->tx);
    CHECK(driver.waiting() == 0);
    // Another intent under the same step can't be.
    const std::string other = closable();
    const auto conflict = submit(job, call(other));
    CHECK(conflict.failure().code == BH_E_CONFLICT);
    CHECK(conflict.failure().reason == "other_call");
    CHECK(submit(job, call(other), "two").failure().code == BH_PENDING);
    CHECK(driver.waiting() == 1);
}

TEST_CASE_METHOD(World, "calls that do not begin as granted are not sent, nor are the host's own actions") {
    const std::string id = closable();
    Job job{"op-1"};
    const auto decline = submit(job, call(id, "decline"));
    CHECK(decline.failure().code == BH_E_DENIED);
    CHECK(decline.failure().message.find("grants.chains.submit") != std::string::npos);
    bh::ContractCall own = call(id);
    own.contract = kBuyer;
    CHECK(submit(job, own).failure().code == BH_E_DENIED);
    own = call(id);
    own.action = "close";
    CHECK(submit(job, own).failure().reason == "bad_call");
    CHECK(submit(job, call(id), "").failure().reason == "bad_step");
    CHECK(driver.waiting() == 0);
    CHECK(store.rows.empty());
}

TEST_CASE_METHOD(World, "what is about the chain instance does not park its user") {
    const std::string id = closable();
    for (const bh_status status : {BH_E_DENIED, BH_E_NO_FUNDS, BH_E_CORRUPT, BH_E_INTERNAL}) {
        driver.fail("submit", status);
        Job job{"op-1"};
        CHECK(submit(job, call(id)).failure().code == BH_E_UNAVAILABLE);
    }
    driver.fail("submit", BH_E_CONFLICT);
    Job job{"op-1"};
    CHECK(submit(job, call(id)).failure().code == BH_E_CONFLICT);
    instances.remove("ledger");
    const auto gone = read({kContract, ascii(id)});
    CHECK(gone.failure().code == BH_E_UNAVAILABLE);
    CHECK(gone.failure().message.find("ledger") != std::string::npos);
    CHECK_FALSE(instances.usable("ledger").ok());
}

TEST_CASE_METHOD(World, "users do not see each other's submissions, nor their own among their keys") {
    const std::string id = closable();
    Job job{"op-1"};
    CHECK(submit(job, call(id)).failure().code == BH_PENDING);
    for (const auto& [row, value] : store.rows) CHECK(row.first == "user/chain");
    CHECK_FALSE(store.rows.empty());
}

TEST_CASE_METHOD(World, "what is final for a week makes room when there is none") {
    struct Small : Store {
        std::size_t most = 1;
        Status put(const std::string& instance, const std::vector<std::pair<std::string, Bytes>>& changes) override {
            for (const auto& [key, value] : changes) {
                if (!value.empty() && !rows.contains({instance, key}) && rows.size() >= most)
                    return Failure{BH_E_EXHAUSTED, "store_full", "no room"};
            }
            return Store::put(instance, changes);
        }
    } small;
    plugins::ChainInstances tight{small, [this](const std::string&) { return final_at; }, [this] { return now; }};
    tight.add(chain);
    Job first{"op-1"}, second{"op-2"};
    const std::string one = closable(), two = closable();
    const auto submit_to = [&](Job& job, const std::string& id) {
        return tight.submit("user", "ledger", job.next(), "one", call(id));
    };
    CHECK(submit_to(first, one).failure().code == BH_PENDING);
    CHECK(submit_to(second, two).failure().code == BH_E_EXHAUSTED);  // what is not final stays
    driver.mine();
    final_at = driver.head().position;
    REQUIRE(submit_to(first, one));
    CHECK(submit_to(second, two).failure().code == BH_E_EXHAUSTED);  // and what is final since today
    now += 8 * 86400;
    CHECK(submit_to(second, two).failure().code == BH_PENDING);
    CHECK(small.rows.size() == 1);
}
