// Runs the real blockhost-signer in a directory of its own; as root it runs under another user, as the real one does.
#pragma once

#include "plugin-api/documents/json.hpp"

#include <sys/stat.h>
#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

namespace bh::signer::testing {

std::string read_text(const std::string& path);
mode_t mode_of(const std::string& path);

// 0, or the errno of open(path, O_RDONLY) in a child that runs as `user` (as whoever runs the test, when not root).
int errno_of_open_as(uid_t user, const std::string& path);

// A directory with keys, log and socket; removed at the end.
struct House {
    House();
    House(const House&) = delete;
    House& operator=(const House&) = delete;
    ~House();

    [[nodiscard]] std::string socket() const { return path + "/signer.sock"; }
    [[nodiscard]] std::string log_path() const { return path + "/signatures.jsonl"; }
    [[nodiscard]] std::string key(const std::string& name) const { return path + "/keys/" + name; }
    [[nodiscard]] std::vector<nlohmann::json> log() const;
    [[nodiscard]] std::set<std::string> files() const;
    void write_config() const;

    uid_t user;  // of the signer
    std::string peers;
    std::string path;
    std::string codecs, grants;  // more lines of the configuration, whole
};

class SignerProcess {
public:
    // Starts it in the house's directory. `cores`: without a limit on core files to begin with.
    explicit SignerProcess(const House& house, bool cores = false, const char* command = nullptr);
    SignerProcess(const SignerProcess&) = delete;
    SignerProcess& operator=(const SignerProcess&) = delete;
    ~SignerProcess();

    // Whether it said `ready` within 30 seconds.
    bool ready();
    [[nodiscard]] pid_t pid() const { return pid_; }
    // stdout and stderr so far.
    std::string output();
    // Sends a signal and answers the wait status.
    int kill(int signal);
    // Waits for its end; the exit code, or -1 when a signal ended it.
    int wait();
    int stop();

private:
    bool read_more(int timeout_ms);
    pid_t pid_ = -1;
    int pipe_ = -1;
    std::string output_;
};

}  // namespace bh::signer::testing
