// What reading an EVM node costs, with the parts that the daemon runs; prints one JSON object. tests/bench/logs.py runs
// it beside other libraries on the same node.
//
//   bench-chain decode URL CONTRACT FROM TO CHUNK         eth_getLogs, CHUNK blocks at a time, to events
//   bench-chain follow FILE URL CONTRACT FROM             polls, documents, the journal in FILE with fsync on
//   bench-chain recover COUNT                             signers of messages, against libsecp256k1 alone
#include "kernel/ingest/ingest.hpp"
#include "plugin-api/crypto/keccak.hpp"
#include "plugin-api/documents/json.hpp"
#include "plugins/chain-evm/contract/blockhost.hpp"
#include "plugins/chain-evm/poll/poller.hpp"
#include "plugins/chain-evm/rpc/rpc_node.hpp"

#include <secp256k1_recovery.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <stdexcept>

namespace {

using namespace bh;
using Steady = std::chrono::steady_clock;

double seconds(Steady::duration span) { return std::chrono::duration<double>(span).count(); }

// What a part took by the clock and of this thread's processor: on a machine with other work only the second is ours.
struct Spent {
    double wall = 0, cpu = 0;
};
class Meter {
public:
    explicit Meter(Spent& spent) : spent_{spent} {}
    ~Meter() {
        spent_.wall += seconds(Steady::now() - begin_);
        spent_.cpu += cpu_now() - cpu_begin_;
    }
    Meter(const Meter&) = delete;
    Meter& operator=(const Meter&) = delete;

private:
    static double cpu_now() {
        timespec now{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
    }
    Spent& spent_;
    const Steady::time_point begin_ = Steady::now();
    const double cpu_begin_ = cpu_now();
};

template <class T>
T need(Result<T> result) {
    if (!result) throw std::runtime_error{result.failure().message};
    return std::move(*result);
}

double peak_mib() {
    std::ifstream file{"/proc/self/status"};
    for (std::string word; file >> word;) {
        if (word != "VmHWM:") continue;
        double kib = 0;
        file >> kib;
        return kib / 1024;
    }
    return 0;
}

// Counts the time that the node and the socket take.
class TimedTransport final : public evm::Transport {
public:
    TimedTransport(std::unique_ptr<evm::Transport> inner, Spent& spent) : inner_{std::move(inner)}, spent_{spent} {}
    Result<std::string> post(const std::string& body, std::size_t max_answer_bytes) override {
        const Meter meter{spent_};
        return inner_->post(body, max_answer_bytes);
    }
    void interrupt() override { inner_->interrupt(); }
    [[nodiscard]] const std::string& label() const override { return inner_->label(); }

private:
    std::unique_ptr<evm::Transport> inner_;
    Spent& spent_;
};

evm::RpcNode node_at(const std::string& url, Spent& spent) {
    evm::HttpOptions options;
    options.timeout = std::chrono::seconds{60};
    return evm::RpcNode{std::make_unique<TimedTransport>(need(evm::make_http_transport(url, options)), spent)};
}

int decode(const std::string& url, const std::string& contract, std::uint64_t from, std::uint64_t to,
           std::uint64_t chunk) {
    Spent in_node, all;
    evm::RpcNode node = node_at(url, in_node);
    const evm::Address address = need(evm::Address::parse(contract));
    const evm::EventCatalogue catalogue{address, {}};
    std::size_t logs = 0;
    std::uint64_t sum = 0;  // of what was decoded: it is used
    for (std::uint64_t first = from; first <= to; first += chunk) {
        const Meter meter{all};
        const auto answer = need(node.logs({&address, 1}, first, std::min(to, first + chunk - 1)));
        for (const evm::Log& log : answer.logs) {
            const ChainEvent event = need(catalogue.decode(log));
            sum += event.subscription.size() + static_cast<std::uint64_t>(event.expires_at.seconds);
            ++logs;
        }
    }
    std::printf(
        "{\"logs\": %zu, \"seconds\": %.4f, \"decode_seconds\": %.4f, \"decode_cpu_seconds\": %.4f, "
        "\"resident_mib\": %.1f, \"sum\": %llu}\n",
        logs, all.wall, all.wall - in_node.wall, all.cpu - in_node.cpu, peak_mib(),
        static_cast<unsigned long long>(sum));
    return 0;
}

int follow(const std::string& file, const std::string& url, const std::string& contract, std::uint64_t from) {
    Spent all, in_node, in_poll, in_document, in_journal;
    evm::RpcNode node = node_at(url, in_node);
    const nlohmann::json text{{"chain", "devnet"},
                              {"endpoints", {{{"url", url}}}},
                              {"contract", contract},
                              {"credential", "0x00000000000000000000000000000000000000cc"},
                              {"start_block", from}};
    const evm::Config config = need(evm::parse_config(text.dump()));
    evm::BlockhostDeployment deployment{config};
    evm::Poller poller{node, config, deployment};
    const auto journal = need(life::Journal::open(file, [] { return std::int64_t{1}; }));
    life::IngestSource source{"chain", {}, {life::FinalityRule::Kind::depth, 2}};
    source.chain.chain = "eip155:31337", source.chain.contract = contract;
    constexpr std::uint32_t kMaxEvents = 500;  // as the engine asks
    std::string cursor;
    std::size_t logs = 0, polls = 0;
    for (bool more = true; more; ++polls) {
        const Meter meter{all};
        const ChainEvents found = [&] {
            const Meter part{in_poll};
            return need(poller.poll(cursor, kMaxEvents, [] { return false; }));
        }();
        const ChainEvents events = [&] {
            const Meter part{in_document};
            return need(parse_chain_events(to_json(found)));
        }();
        const Meter part{in_journal};
        const Status written = journal->write([&](life::Tx& tx) -> Status {
            const auto taken = life::ingest(tx, source, events);
            return taken ? Status{} : Status{taken.failure()};
        });
        if (!written) throw std::runtime_error{written.failure().message};
        cursor = events.cursor;
        more = events.more;
        logs += events.events.size();
    }
    std::printf(
        "{\"logs\": %zu, \"polls\": %zu, \"seconds\": %.4f, \"node_seconds\": %.4f, \"poll_seconds\": %.4f, "
        "\"document_seconds\": %.4f, \"journal_seconds\": %.4f, \"poll_cpu_seconds\": %.4f, "
        "\"document_cpu_seconds\": %.4f, \"journal_cpu_seconds\": %.4f, \"resident_mib\": %.1f}\n",
        logs, polls, all.wall, in_node.wall, in_poll.wall - in_node.wall, in_document.wall, in_journal.wall,
        in_poll.cpu - in_node.cpu, in_document.cpu, in_journal.cpu, peak_mib());
    return 0;
}

// Seconds for each call of `work`, of the best of some rounds: what it costs, not what else the machine does.
template <class F>
double best_of_rounds(std::size_t count, F&& work) {
    constexpr int kRounds = 5;
    double best = 1e9;
    for (int round = 0; round < kRounds; ++round) {
        const auto begin = Steady::now();
        for (std::size_t i = 0; i < count; ++i) work(i);
        best = std::min(best, seconds(Steady::now() - begin) / static_cast<double>(count));
    }
    return best;
}

int recover(std::size_t count) {
    const crypto::Secret key = crypto::new_secret_key();
    const crypto::Address signer = crypto::Address::of(need(crypto::PublicKey::of(key)));
    std::vector<Bytes> messages, signatures;
    std::vector<crypto::Hash256> hashes;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string text = "Log in to host-1 as user, challenge " + std::to_string(i);
        messages.emplace_back(text.begin(), text.end());
        hashes.push_back(crypto::eip191_hash(messages.back()));
        signatures.push_back(need(crypto::sign(key, hashes.back())).encoded());
    }
    const double ours = best_of_rounds(count, [&](std::size_t i) {
        if (need(crypto::recover_address(signatures[i], crypto::eip191_hash(messages[i]))) != signer) std::abort();
    });
    secp256k1_context* context = secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
    const double theirs = best_of_rounds(count, [&](std::size_t i) {
        secp256k1_ecdsa_recoverable_signature parsed;
        secp256k1_pubkey found;
        if (!secp256k1_ecdsa_recoverable_signature_parse_compact(context, &parsed, signatures[i].data(),
                                                                 signatures[i][64] - 27) ||
            !secp256k1_ecdsa_recover(context, &found, &parsed, hashes[i].data())) {
            std::abort();
        }
    });
    secp256k1_context_destroy(context);
    std::printf("{\"ours_per_second\": %.0f, \"libsecp256k1_per_second\": %.0f}\n", 1 / ours, 1 / theirs);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 1 ? argv[1] : "";
    const auto number = [&](int i) { return std::stoull(argv[i]); };
    try {
        if (mode == "decode" && argc == 7) return decode(argv[2], argv[3], number(4), number(5), number(6));
        if (mode == "follow" && argc == 6) return follow(argv[2], argv[3], argv[4], number(5));
        if (mode == "recover" && argc == 3) return recover(number(2));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench-chain: %s\n", error.what());
        return 1;
    }
    std::fprintf(stderr,
                 "usage: bench-chain decode URL CONTRACT FROM TO CHUNK | follow FILE URL CONTRACT FROM |\n"
                 "       recover COUNT\n");
    return 2;
}
