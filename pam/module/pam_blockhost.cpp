// pam_blockhost.so: lets the owner of a credential log in by a wallet signature (README.md). The entry points that PAM
// calls; no exception leaves them, no thread is started, nothing is kept between calls.
#include "pam/guest/files.hpp"
#include "pam/module/conversation.hpp"
#include "pam/module/failures.hpp"
#include "pam/module/login.hpp"
#include "pam/module/options.hpp"
#include "pam/module/prompt.hpp"

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <syslog.h>

#include <ctime>
#include <exception>

namespace bh::guest {
namespace {

constexpr int kTries = 3;  // on one connection; the last one ends it

std::int64_t system_now() { return static_cast<std::int64_t>(std::time(nullptr)); }

class Session {
public:
    Session(pam_handle_t* handle, const Options& options)
        : handle_{handle},
          options_{options},
          talk_{handle},
          failures_{options.places},
          client_{talk_.item(PAM_RHOST)} {}

    int run() {
        const std::string user = talk_.item(PAM_USER);
        if (const Status made = make_directory(options_.places.run, 0700); !made) return refuse(made.failure());
        if (const Status allowed = failures_.allow(client_, system_now()); !allowed) return refuse(allowed.failure());
        Result<Login> login = Login::begin(options_.places, user, client_, system_now(), options_.grace);
        if (!login) return refuse(login.failure());
        return ask(*login, user);
    }

private:
    int ask(Login& login, const std::string& user) {
        std::string reason;
        for (int left = kTries; left > 0; --left) {
            const Result<std::string> text = login.new_challenge(system_now());
            if (!text) return refuse(text.failure());
            Result<std::string> answer = talk_.ask(login_prompt(*text, reason, left));
            if (!answer) return PAM_AUTH_ERR;  // the client went away
            const Status verdict = login.judge(*answer, system_now());
            if (verdict) {
                pam_syslog(handle_, LOG_INFO, "%s logs in from %s by a signature of %s", user.c_str(), client_.c_str(),
                           login.address().c_str());
                return PAM_SUCCESS;
            }
            reason = verdict.failure().message;
            pam_syslog(handle_, LOG_NOTICE, "login of %s from %s refused: %s", user.c_str(), client_.c_str(),
                       verdict.failure().reason.c_str());
            static_cast<void>(failures_.record(client_, system_now()));
        }
        talk_.tell(reason);
        return PAM_MAXTRIES;
    }

    // Nothing that the person could paste would help: say why and end the connection.
    int refuse(const Failure& failure) {
        pam_syslog(handle_, LOG_NOTICE, "login from %s refused: %s", client_.c_str(), failure.reason.c_str());
        static_cast<void>(talk_.ask(refusal_prompt(failure.message)));
        return PAM_MAXTRIES;
    }

    pam_handle_t* handle_;
    const Options& options_;
    Conversation talk_;
    Failures failures_;
    std::string client_;
};

int authenticate(pam_handle_t* handle, int count, const char** arguments) {
    const Result<Options> options = parse_options(count, arguments);
    if (!options) {
        pam_syslog(handle, LOG_ERR, "%s", options.failure().message.c_str());
        return PAM_SERVICE_ERR;
    }
    return Session{handle, *options}.run();
}

}  // namespace
}  // namespace bh::guest

extern "C" {

__attribute__((visibility("default"))) int pam_sm_authenticate(pam_handle_t* handle, int /*flags*/, int count,
                                                               const char** arguments) {
    try {
        return bh::guest::authenticate(handle, count, arguments);
    } catch (const std::exception& error) {
        pam_syslog(handle, LOG_CRIT, "internal error: %s", error.what());
    } catch (...) {
        pam_syslog(handle, LOG_CRIT, "internal error");
    }
    return PAM_SYSTEM_ERR;
}

__attribute__((visibility("default"))) int pam_sm_setcred(pam_handle_t* /*handle*/, int /*flags*/, int /*count*/,
                                                          const char** /*arguments*/) {
    return PAM_SUCCESS;
}

}  // extern "C"
