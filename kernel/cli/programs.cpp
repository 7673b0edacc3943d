// Programs beside the kernel, started with our terminal: a chain plugin's operator tool and the image builder. And the
// images on disk.
#include "kernel/cli/commands.hpp"
#include "kernel/cli/show.hpp"
#include "plugin-api/documents/storage.hpp"

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

namespace bh::cli {

namespace {

constexpr unsigned kNobody = 65534;

// Root becomes nobody: for code that is not trusted yet.
bool give_up_root() {
    return ::geteuid() != 0 || (::setgroups(0, nullptr) == 0 && ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0);
}

}  // namespace

int run_program(const Context& context, const std::string& program, const std::vector<std::string>& arguments,
                bool as_nobody) {
    if (::access(program.c_str(), X_OK) != 0) {
        return report(context, {BH_E_NOT_FOUND, "no_program",
                                program + " is not there or can't be run: " + std::strerror(errno)});
    }
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        if (as_nobody && (!give_up_root() || ::chdir("/") != 0)) ::_exit(126);
        ::execv(program.c_str(), argv.data());
        ::_exit(126);
    }
    int state = 0;
    while (::waitpid(child, &state, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(state) ? WEXITSTATUS(state) : int{kFailed};
}

int chain_operator(const Context& context, const std::string& command, const ChainTool& tool,
                   const std::vector<std::string>& arguments) {
    std::vector<std::string> all{command};
    all.insert(all.end(), arguments.begin(), arguments.end());
    if (!tool.plugin.empty()) return run_program(context, context.plugins + "/" + tool.plugin + "/operator", all);
    auto plugins = context.api.get("/v1/plugins");
    if (!plugins) return report(context, plugins.failure());
    for (const auto& plugin : plugins->at("plugins")) {
        if (plugin.value("kind", "") != "chain" || (!tool.chain.empty() && plugin.value("instance", "") != tool.chain))
            continue;
        return run_program(context, context.plugins + "/" + plugin.value("plugin", "") + "/operator", all);
    }
    return report(context, {BH_E_NOT_FOUND, "no_chain",
                            tool.chain.empty() ? "no chain instance is configured"
                                               : "there is no chain instance \"" + tool.chain + "\""});
}

int image_build(const Context& context, const std::string& name, const std::vector<std::string>& arguments) {
    std::vector<std::string> all{"--out", context.images + "/" + name};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_program(context, context.libexec + "/image/build", all);
}

int image_list(const Context& context) {
    nlohmann::json images = nlohmann::json::array();
    std::error_code error;
    for (std::filesystem::directory_iterator it{context.images, error}, end; !error && it != end; it.increment(error)) {
        std::ifstream file{it->path() / "image.json"};
        if (!file) continue;
        std::ostringstream text;
        text << file.rdbuf();
        const auto image = parse_image(text.str());
        if (!image) return report(context, image.failure().within((it->path() / "image.json").string()));
        images.push_back({{"image", it->path().filename().string()},
                          {"digest", image->digest},
                          {"size_bytes", image->size_bytes},
                          {"built_at", time_to_text(image->built_at)}});
    }
    if (error)
        return report(context, {BH_E_NOT_FOUND, "no_images", "cannot list " + context.images + ": " + error.message()});
    if (context.json) {
        std::cout << nlohmann::json{{"images", images}}.dump(2) << '\n';
        return kDone;
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& image : images)
        rows.push_back({cell(image, "image"), bytes_text(image.value("size_bytes", std::uint64_t{0})),
                        cell(image, "built_at"), cell(image, "digest")});
    print_table(std::cout, {"image", "size", "built", "digest"}, rows);
    return kDone;
}

}  // namespace bh::cli
