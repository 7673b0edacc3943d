#include "kernel/signer/test_process.hpp"

#include "kernel/signer/test_house.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace bh::signer::testing {

namespace {

constexpr uid_t kSignerUser = 64777;
constexpr auto kDeadline = std::chrono::seconds{30};

void write_key(const std::string& path, std::uint8_t byte, uid_t user) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const std::string digits = crypto::hex(key_of(byte).view());
    if (fd < 0 || ::write(fd, digits.data(), digits.size()) != static_cast<ssize_t>(digits.size()) ||
        ::fchown(fd, user, user) != 0) {
        throw std::runtime_error{"can't write the test key " + path};
    }
    ::close(fd);
}

}  // namespace

std::string read_text(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) throw std::runtime_error{"can't read " + path};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

mode_t mode_of(const std::string& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) throw std::runtime_error{"no file " + path};
    return info.st_mode & 07777;
}

int errno_of_open_as(uid_t user, const std::string& path) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (::geteuid() == 0 && (::setresgid(user, user, user) != 0 || ::setresuid(user, user, user) != 0))
            ::_exit(255);
        ::_exit(::open(path.c_str(), O_RDONLY | O_CLOEXEC) >= 0 ? 0 : errno);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

House::House() : user{::geteuid() == 0 ? kSignerUser : ::geteuid()}, peers{"[" + std::to_string(::geteuid()) + "]"} {
    char name[] = "/tmp/signer-house-XXXXXX";
    path = ::mkdtemp(name);
    std::filesystem::create_directory(path + "/keys");
    for (const std::string& directory : {path, path + "/keys"}) {
        if (::chown(directory.c_str(), user, user) != 0) throw std::runtime_error{"can't give away " + directory};
        ::chmod(directory.c_str(), 0755);
    }
    write_key(key("agent"), 0x55, user);
    write_key(key("server"), 0x11, user);
    write_key(key("statement"), 0x44, user);
}

House::~House() { std::filesystem::remove_all(path); }

void House::write_config() const {
    std::ofstream file{path + "/signer.yaml"};
    file << "socket: " << socket() << "\nlog: " << log_path() << "\npeers: " << peers << "\n";
    if (::geteuid() == 0) file << "user: " << user << "\n";
    file << "keys: {agent: " << key("agent") << ", server: " << key("server") << ", statement: " << key("statement")
         << "}\n"
         << codecs;
    file << R"yaml(policy:
  seals: [seal-2-request]
  chains:
    - chain: eip155:31337
      contract: ")yaml"
         << kContract << R"yaml("
      max_gas: 1000000
      max_fee: "10000000000000000"
      calls:
        - to: ")yaml"
         << kContract << R"yaml("
          functions: ["deliver(uint256,bytes32,uint256,bytes,bytes32)", "close(uint256)"]
  intents:
    - chain: "bhledger:demo"
      contract: shop-1
      max_fee: "5000"
      calls:
        - {contract: shop-1, functions: [close, decline]}
  grants:
    - {caller: local, scheme: eip1559-tx, chain: "eip155:31337"}
    - {caller: ledger, scheme: bh-intent-1, chain: "bhledger:demo"}
    - {caller: local, scheme: eip191, prefix: "Our service: "}
)yaml" << grants;
}

std::vector<nlohmann::json> House::log() const {
    std::vector<nlohmann::json> rows;
    std::ifstream file{log_path()};
    for (std::string line; std::getline(file, line);) rows.push_back(nlohmann::json::parse(line));
    return rows;
}

std::set<std::string> House::files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{path}) names.insert(entry.path().filename().string());
    return names;
}

SignerProcess::SignerProcess(const House& house, bool cores, const char* command) {
    house.write_config();
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error{"no pipe"};
    const std::string config = house.path + "/signer.yaml";
    pid_ = ::fork();
    if (pid_ == 0) {
        if (::chdir(house.path.c_str()) != 0) ::_exit(126);
        if (cores) {
            const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
            (void)::setrlimit(RLIMIT_CORE, &all);
        }
        ::dup2(ends[1], 1);
        ::dup2(ends[1], 2);
        if (command != nullptr) {
            ::execl(SIGNER, "blockhost-signer", command, "--config", config.c_str(), nullptr);
        } else {
            ::execl(SIGNER, "blockhost-signer", "--config", config.c_str(), nullptr);
        }
        ::_exit(127);
    }
    ::close(ends[1]);
    pipe_ = ends[0];
}

SignerProcess::~SignerProcess() {
    if (pid_ > 0) (void)kill(SIGKILL);
    ::close(pipe_);
}

bool SignerProcess::read_more(int timeout_ms) {
    pollfd waiting{pipe_, POLLIN, 0};
    if (::poll(&waiting, 1, timeout_ms) <= 0) return false;
    char buffer[4096];
    const ssize_t size = ::read(pipe_, buffer, sizeof buffer);
    if (size <= 0) return false;
    output_.append(buffer, static_cast<std::size_t>(size));
    return true;
}

bool SignerProcess::ready() {
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    while (output_.find("ready\n") == std::string::npos) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0 || !read_more(static_cast<int>(left.count()))) return false;
    }
    return true;
}

std::string SignerProcess::output() {
    while (read_more(pid_ > 0 ? 0 : 1000)) {
    }
    return output_;
}

int SignerProcess::kill(int signal) {
    ::kill(pid_, signal);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
}

int SignerProcess::wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int SignerProcess::stop() {
    const int status = kill(SIGTERM);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace bh::signer::testing
