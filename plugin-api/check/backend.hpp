// The fake or real backend that a plugin brings in its check/ folder: a program that says one JSON line when it is
// ready, and answers one JSON line to each request line on its standard input. README.md describes the lines.
#pragma once

#include "plugin-api/documents/json.hpp"
#include "plugin-api/documents/result.hpp"

#include <chrono>
#include <map>

#include <sys/types.h>

namespace bh::check {

class Backend {
public:
    // `environment`: what it gets besides PATH.
    static Result<Backend> start(const std::string& folder, const std::vector<std::string>& command,
                                 const std::string& directory, const std::map<std::string, std::string>& environment);
    Backend(Backend&& other) noexcept;
    Backend& operator=(Backend&&) = delete;
    ~Backend();

    // What its first line gave: names and texts for "${NAME}".
    [[nodiscard]] const std::map<std::string, std::string>& names() const { return names_; }
    // {"do": ...} -> its answer; a failure holds the backend's "error".
    Result<nlohmann::json> ask(const nlohmann::json& request);

private:
    Backend(pid_t pid, int in, int out) : pid_{pid}, in_{in}, out_{out} {}
    Result<nlohmann::json> line(std::chrono::milliseconds patience);
    pid_t pid_;
    int in_, out_;
    std::string read_;
    std::map<std::string, std::string> names_;
};

}  // namespace bh::check
