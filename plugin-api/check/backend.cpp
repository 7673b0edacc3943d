#include "plugin-api/check/backend.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bh::check {
namespace {

using nlohmann::json;

Failure broken(const std::string& what) { return {BH_E_UNAVAILABLE, "backend", "the backend in check/ " + what}; }

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> out;
    for (std::string& word : words) out.push_back(word.data());
    out.push_back(nullptr);
    return out;
}

}  // namespace

Result<Backend> Backend::start(const std::string& folder, const std::vector<std::string>& command,
                               const std::string& directory, const std::map<std::string, std::string>& environment) {
    std::vector<std::string> words = command, settings;
    if (!words[0].starts_with('/')) words[0] = folder + "/" + words[0];
    // What the check itself was given, so that a backend may find a node of its own; it never gets a key.
    for (char** entry = environ; *entry != nullptr; ++entry) settings.emplace_back(*entry);
    for (const auto& [name, value] : environment) settings.push_back(name + "=" + value);
    settings.push_back("BH_CHECK_DIR=" + directory);
    int to[2], from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) return broken("has no pipes");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    pid_t pid = -1;
    const int error =
        ::posix_spawn(&pid, words[0].c_str(), &actions, nullptr, pointers(words).data(), pointers(settings).data());
    posix_spawn_file_actions_destroy(&actions);
    ::close(to[0]);
    ::close(from[1]);
    Backend backend{error == 0 ? pid : -1, to[1], from[0]};
    if (error != 0) return broken("can't be started: " + words[0] + ": " + std::strerror(error));
    const auto hello = backend.line(std::chrono::seconds{20});
    if (!hello) return hello.failure();
    for (const auto& [name, value] : hello->items())
        if (value.is_string()) backend.names_[name] = value.get<std::string>();
    return backend;
}

Backend::Backend(Backend&& other) noexcept
    : pid_{other.pid_},
      in_{other.in_},
      out_{other.out_},
      read_{std::move(other.read_)},
      names_{std::move(other.names_)} {
    other.pid_ = other.in_ = other.out_ = -1;
}

Backend::~Backend() {
    if (in_ >= 0) ::close(in_);
    if (out_ >= 0) ::close(out_);
    if (pid_ <= 0) return;
    // The end of its input tells it to end; it is not waited for without an end.
    for (int i = 0; i < 200; ++i) {
        if (::waitpid(pid_, nullptr, WNOHANG) == pid_) return;
        ::poll(nullptr, 0, 10);
    }
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

Result<json> Backend::line(std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    std::size_t end = 0;
    while ((end = read_.find('\n')) == std::string::npos) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
        if (left <= 0) return broken("does not answer");
        pollfd ready{out_, POLLIN, 0};
        if (::poll(&ready, 1, static_cast<int>(left)) <= 0) continue;
        char block[16384];
        const ssize_t size = ::read(out_, block, sizeof block);
        if (size <= 0) return broken("ended");
        read_.append(block, static_cast<std::size_t>(size));
    }
    json answer = json::parse(read_.substr(0, end), nullptr, false);
    read_.erase(0, end + 1);
    if (!answer.is_object()) return broken("wrote a line that is no JSON object");
    if (answer.contains("error")) return broken("says: " + answer["error"].dump());
    return answer;
}

Result<json> Backend::ask(const json& request) {
    const std::string text = request.dump() + "\n";
    if (::write(in_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return broken("ended");
    return line(std::chrono::seconds{20});
}

}  // namespace bh::check
