#include "pam/helper/setup.hpp"

#include "pam/guest/files.hpp"
#include "pam/guest/statements.hpp"
#include "pam/helper/network.hpp"
#include "pam/helper/process.hpp"
#include "pam/helper/seed.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdio>

namespace bh::guest {
namespace {

constexpr std::size_t kMaxStored = 16 * 1024;

std::string pending_path(const Places& places) { return places.state + "/pending"; }

Status make_host_key() {
    const std::string key = "/etc/ssh/ssh_host_ed25519_key";
    ::unlink(key.c_str());
    ::unlink((key + ".pub").c_str());
    return run({"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key});
}

Status set_host_name(const std::string& name) {
    if (::sethostname(name.data(), name.size()) != 0)
        return Failure{BH_E_UNAVAILABLE, "hostname", "the host name cannot be set"};
    if (Status written = replace_file("/etc/hostname", name + "\n", 0644); !written) return written;
    return replace_file(
        "/etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 " + name + "\n", 0644);
}

// A disk that was another instance before: nothing of that one may stay.
Status forget_instance(const Places& places, bool was_another) {
    ::unlink(places.first_boot().c_str());
    ::unlink(places.statement().c_str());
    ::unlink(places.clock().c_str());
    if (!was_another) return {};
    ::unlink("/etc/machine-id");
    return run({"/usr/bin/systemd-machine-id-setup"});
}

Status begin_instance(const Places& places, const FirstBoot& seed, bool was_another) {
    if (Status done = forget_instance(places, was_another); !done) return done;
    if (Status done = set_host_name(seed.hostname); !done) return done;
    if (Status done = make_host_key(); !done) return done;
    if (Status done = write_network_files(seed); !done) return done;
    return replace_file(pending_path(places), stored_first_boot(seed), 0600);
}

Status make_login_user(const FirstBoot& first_boot) {
    if (::getpwnam(first_boot.login_user.c_str()) == nullptr) {
        // Without --password the account is locked: only pam_blockhost lets anybody in.
        if (Status made = run({"/usr/sbin/useradd", "--create-home", "--shell", "/bin/bash", first_boot.login_user});
            !made)
            return made;
    }
    const std::string sudoers = "/etc/sudoers.d/90-blockhost";
    if (!first_boot.sudo) {
        ::unlink(sudoers.c_str());
        return {};
    }
    if (Status made = make_directory("/etc/sudoers.d", 0750); !made) return made;
    // The account has no password that sudo could ask for.
    return replace_file(sudoers, first_boot.login_user + " ALL=(ALL:ALL) NOPASSWD: ALL\n", 0440);
}

Status start_cloud_init() {
    ::unlink("/etc/cloud/cloud-init.disabled");
    return run({"/usr/bin/systemctl", "--no-block", "start", "cloud-init.target"});
}

}  // namespace

Status setup(const Places& places) {
    if (Status made = make_directory(places.state, 0700); !made) return made;
    if (Status made = make_directory(places.run, 0700); !made) return made;
    const Result<FirstBoot> stored = load_first_boot(places);
    const Result<FirstBoot> seed = read_seed(places.run + "/seed");
    if (!seed && !stored) return seed.failure();
    const bool fresh = seed && (!stored || stored->instance_id != seed->instance_id);
    if (fresh) {
        if (Status begun = begin_instance(places, *seed, stored.ok()); !begun) return begun;
    } else if (!seed && seed.failure().code != BH_E_NOT_FOUND) {
        std::fprintf(stderr, "the seed is ignored: %s\n", seed.failure().message.c_str());
    }
    return bring_up_network(fresh ? *seed : *stored);
}

Status finish(const Places& places) {
    const Result<std::string> pending = read_file(pending_path(places), kMaxStored);
    if (!pending) return pending.failure().code == BH_E_NOT_FOUND ? Status{} : pending.failure();
    const Result<FirstBoot> first_boot = parse_stored_first_boot(*pending);
    if (!first_boot) return first_boot.failure();
    if (Status made = make_login_user(*first_boot); !made) return made;
    if (Status written = replace_file(places.first_boot(), *pending, 0600); !written) return written;
    ::unlink(pending_path(places).c_str());
    return first_boot->cloud_init ? start_cloud_init() : Status{};
}

}  // namespace bh::guest
