#include "kernel/launch/service.hpp"

namespace bh::launch {

std::map<std::string, ipc::Verb> Service::verbs() {
    const auto plain = [this](auto member) {
        return ipc::Verb{[this, member](ipc::Request& request) -> Result<ipc::Reply> {
                             auto answer = (this->*member)(request.args);
                             if (!answer) return answer.failure();
                             return ipc::Reply{std::move(*answer), {}};
                         },
                         {}};
    };
    const auto with_fds = [this](auto member) {
        return ipc::Verb{[this, member](ipc::Request& request) -> Result<ipc::Reply> {
                             auto answer = (this->*member)(request.args, request.fds);
                             if (!answer) return answer.failure();
                             return ipc::Reply{std::move(*answer), {}};
                         },
                         {}};
    };
    return {{"start", with_fds(&Service::start)},
            {"status", plain(&Service::status)},
            {"signal", plain(&Service::signal)},
            {"list", plain(&Service::list)},
            {"run", plain(&Service::run)},
            {"worker_start", with_fds(&Service::worker_start)},
            {"worker_end", plain(&Service::worker_end)},
            {"check", plain(&Service::check)}};
}

}  // namespace bh::launch
