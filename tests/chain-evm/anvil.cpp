#include "tests/chain-evm/anvil.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace bh::evm::test {
namespace {

constexpr int kStartSeconds = 20;

// Reads `fd` until anvil says where it listens.
std::uint16_t read_port(int fd) {
    constexpr std::string_view kMark = "Listening on 127.0.0.1:";
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{kStartSeconds};
    std::string text;
    while (std::chrono::steady_clock::now() < deadline) {
        pollfd ready{fd, POLLIN, 0};
        if (::poll(&ready, 1, 1000) <= 0) continue;
        char buffer[4096];
        const ssize_t size = ::read(fd, buffer, sizeof buffer);
        if (size <= 0) break;
        text.append(buffer, static_cast<std::size_t>(size));
        const std::size_t at = text.find(kMark);
        if (at != std::string::npos && text.find('\n', at) != std::string::npos) {
            return static_cast<std::uint16_t>(std::stoul(text.substr(at + kMark.size())));
        }
    }
    return 0;
}

}  // namespace

Anvil::Anvil(std::vector<std::string> extra) {
    std::vector<std::string> words{BLOCKHOST_ANVIL, "--port", "0", "--prune-history", "256"};
    words.insert(words.end(), extra.begin(), extra.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int out[2];
    REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const int failed = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    INFO("anvil at " BLOCKHOST_ANVIL);
    REQUIRE(failed == 0);
    port_ = read_port(out[0]);
    // anvil writes on, and must not stop because nobody reads.
    drain_ = std::thread{[fd = out[0]] {
        char buffer[65536];
        while (::read(fd, buffer, sizeof buffer) > 0) {
        }
        ::close(fd);
    }};
    REQUIRE(port_ != 0);
    HttpOptions patient;
    patient.timeout = std::chrono::seconds{60};
    patient.max_answer_bytes = std::size_t{128} << 20;
    auto transport = make_http_transport(url(), patient);
    REQUIRE(transport.ok());
    rpc_ = std::make_unique<JsonRpc>(std::move(*transport));
}

Anvil::~Anvil() { stop(); }

void Anvil::stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
    if (drain_.joinable()) drain_.join();
}

nlohmann::json Anvil::rpc(const char* method, nlohmann::json params) {
    const Result<nlohmann::json> answer = rpc_->call({method, std::move(params)});
    INFO(method << ": " << (answer ? "" : answer.failure().message));
    REQUIRE(answer.ok());
    return *answer;
}

void Anvil::rpc_all(const std::vector<RpcCall>& calls) {
    const Result<std::vector<RpcReply>> replies = rpc_->send(calls);
    REQUIRE(replies.ok());
    for (const RpcReply& reply : *replies) {
        INFO((reply.error ? reply.error->text : ""));
        REQUIRE(!reply.error);
    }
}

void Anvil::mine(std::uint64_t blocks) { rpc("anvil_mine", nlohmann::json::array({quantity(blocks)})); }

void Anvil::automine(bool on) {
    rpc("evm_setAutomine", nlohmann::json::array({on}));
    automining_ = on;
}

std::uint64_t Anvil::head() { return *Uint256::from_quantity(rpc("eth_blockNumber").get<std::string>())->as_u64(); }

void wait_for(const char* what, const std::function<bool()>& condition, int seconds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{seconds};
    while (!condition()) {
        INFO("waited for " << what);
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
}

}  // namespace bh::evm::test
