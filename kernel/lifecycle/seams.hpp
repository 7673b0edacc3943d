// What the lifecycle asks of the world: clock, plugins, netd, signer, seals. The daemon implements these over the
// plugin ABI and the sockets (docs/contracts.md); tests implement them with doubles.
//
// 1. Every method may be called from any worker thread, several at once; a port whose backend is serial serialises.
// 2. A method that takes a Call must be safe to run again with the same op_id after any failure (blockhost/call.h).
//    Failure{BH_PENDING, retry_after_ms} means: accepted, ask again with the last checkpoint.
// 3. Nothing here throws. What a port returns is checked by the lifecycle (created_by, instance, order).
#pragma once

#include "kernel/journal/anchor.hpp"
#include "plugin-api/documents/chain.hpp"
#include "plugin-api/documents/hypervisor.hpp"
#include "plugin-api/documents/ipv6.hpp"
#include "plugin-api/documents/storage.hpp"

#include <functional>

namespace bh::life {

// Time and identity of this boot of the machine.
class Clock {
public:
    virtual ~Clock() = default;
    virtual std::int64_t unix_ms() = 0;           // wall clock
    virtual std::uint64_t monotonic_ns() = 0;     // CLOCK_MONOTONIC: deadlines and spans
    virtual std::string boot_id() = 0;            // /proc/sys/kernel/random/boot_id
    virtual Result<std::string> random_id() = 0;  // 128 random bits as 32 hex digits
};

// Set by the engine when a running verb shall stop. `fd()` becomes readable then (bh_call.cancel_fd).
class Cancel {
public:
    virtual ~Cancel() = default;
    [[nodiscard]] virtual std::uint32_t reason() const noexcept = 0;  // BH_CANCEL_*
    [[nodiscard]] virtual int fd() const noexcept = 0;                // -1 = none
};

// The context of one attempt of one verb (bh_call).
struct Call {
    std::string op_id;
    std::string trace_id;
    std::uint32_t attempt = 1;
    Bytes checkpoint;                                     // the last one saved for this op_id
    std::uint64_t deadline_ns = 0;                        // CLOCK_MONOTONIC, 0 = none
    const Cancel* cancel = nullptr;                       // null: can't be cancelled
    std::function<Status(const Bytes& checkpoint)> save;  // durable when it returns ok
};

// `at` with an unknown position is the head; `min_agree` 0 = the instance's default.
class ChainPort {
public:
    virtual ~ChainPort() = default;
    virtual Status check() = 0;  // can the backend be reached and used? asked to unpark the instance
    virtual Result<ChainDescription> describe() = 0;
    virtual Result<ChainEvents> poll(const Call& call, const std::string& cursor, std::uint32_t max) = 0;
    virtual Result<Receipt> submit(const Call& call, const Intent& intent, const Position& final_at) = 0;
    virtual Result<OwnerAnswer> owner_of(const std::string& credential, const Position& at,
                                         std::uint32_t min_agree) = 0;
    virtual Result<SubscriptionState> subscription_state(const std::string& id, const Position& at,
                                                         std::uint32_t min_agree) = 0;
    virtual Result<Balances> balances(const std::string& account, const Position& at, std::uint32_t min_agree) = 0;
};

enum class Power : std::uint32_t { start = 0, shutdown = 1, off = 2, reset = 3 };  // BH_POWER_*

// What the guest helper says of itself (guest-messages-1, `hello`): a tenant's word.
struct GuestHello {
    std::string version, vm_id;
    std::string host_key;  // SSH host public key line, "ssh-ed25519 AAAA..."
    std::string boot_id;
    std::uint64_t uptime_s = 0;
    std::string sshd;  // "running" ...
};

class HypervisorPort {
public:
    virtual ~HypervisorPort() = default;
    virtual Status check() = 0;
    virtual Result<HypervisorDescription> describe() = 0;
    virtual Result<Vm> vm_create(const Call& call, const VmSpec& spec) = 0;
    virtual Status vm_destroy(const Call& call, const std::string& vm) = 0;
    virtual Status vm_power(const Call& call, const std::string& vm, Power action) = 0;
    virtual Result<Vm> vm_get(const std::string& vm) = 0;
    virtual Result<VmPage> vm_list(const std::string& page) = 0;

    // Over the guest channel; BH_E_UNAVAILABLE while no helper answers.
    virtual Result<GuestHello> guest_hello(const Call& call, const std::string& vm) = 0;
    // Hands over an owner statement; the answer is the sequence number that the guest now holds.
    virtual Result<std::uint64_t> guest_statement(const Call& call, const std::string& vm, const Bytes& statement) = 0;
};

class StoragePort {
public:
    virtual ~StoragePort() = default;
    virtual Status check() = 0;
    virtual Result<StorageDescription> describe() = 0;
    virtual Result<Volume> volume_create(const Call& call, const VolumeSpec& spec) = 0;
    virtual Status volume_delete(const Call& call, const std::string& volume) = 0;
    virtual Result<VolumePage> volume_list(const std::string& page) = 0;
    // Makes the image ready to be cloned; the same digest again is ok at once.
    virtual Status image_import(const Call& call, const Image& image) = 0;
};

class Ipv6Port {
public:
    virtual ~Ipv6Port() = default;
    virtual Status check() = 0;
    virtual Result<Ipv6Description> describe() = 0;
    virtual Result<Delegation> delegation_acquire(const Call& call, const DelegationRequest& request) = 0;
    virtual Result<Delegation> delegation_renew(const Call& call, const std::string& delegation) = 0;
    virtual Status delegation_release(const Call& call, const std::string& delegation) = 0;
    virtual Result<DelegationPage> delegation_list(const std::string& page) = 0;
};

// One VM's place on the network, as netd knows it. The uid of the VM's process is the implementer's to add.
struct NetworkBinding {
    std::string tap, owner;  // owner: op_id of the VM
    std::string address, mac;
    std::string mode, uplink;          // of the delegation
    bool blocked = false;              // vm_list: only the tap is there
    std::vector<std::string> missing;  // vm_list: parts that are gone; vm_apply repairs them
    bool operator==(const NetworkBinding&) const = default;
};

class NetworkPort {
public:
    virtual ~NetworkPort() = default;
    virtual Status vm_apply(const NetworkBinding& binding) = 0;
    virtual Status vm_block(const std::string& tap, const std::string& owner) = 0;
    virtual Status vm_remove(const std::string& tap, const std::string& owner) = 0;
    virtual Result<std::vector<NetworkBinding>> vm_list() = 0;
};

// Fields of owner-statement-1 without its signature.
struct OwnerStatement {
    std::string chain, contract, token, vm_id;
    std::string scheme;  // how the owner signs, one of the chain's signature_schemes
    std::string owner, user;
    Position position;
    std::uint64_t sequence = 0;
    UnixTime issued, expires;
};

// Fields of delivery-attestation-1.
struct Attestation {
    std::string chain, contract, subscription, vm_id;
    std::string image_digest;          // "sha256:<hex>"
    std::string host_key_fingerprint;  // "SHA256:<base64>"
    UnixTime mined, seen, final, volume, started, reachable;
};
struct SignedAttestation {
    Bytes signature, hash;  // hash: 32 bytes, goes on the chain
};

// The signer process.
class VaultPort {
public:
    virtual ~VaultPort() = default;
    virtual Result<Bytes> sign_statement(const OwnerStatement& statement) = 0;  // the signed bytes with signature
    virtual Result<SignedAttestation> sign_attestation(const Attestation& attestation) = 0;

    // The audit log's anchors (docs/contracts.md section 2). BH_E_CONFLICT: this journal is anchored further on, or
    // this row with another hash. `time` of what is given is not read.
    virtual Status anchor(const AuditAnchor& anchor) = 0;
    // Of this journal; "" = of whichever was anchored last. Nothing: it never was.
    virtual Result<std::optional<AuditAnchor>> newest_anchor(const std::string& journal) = 0;
    virtual Result<std::vector<AuditAnchor>> anchors(const std::string& journal) = 0;  // all of them, in order
};

// Whose request it is. A seal format binds what it can: the buyer always, chain and contract with seal-2.
struct RequestContext {
    std::string chain, contract, buyer, subscription;
};
struct ConnectionDetails {
    std::string hostname;
    std::uint16_t port = 22;
    std::string username;
    std::string host_key;  // SSH host public key line: known_hosts needs the key, not its fingerprint (seal-2.md)
};

// Opens purchases' requests and seals credentials to them. No plaintext and no key passes through the lifecycle.
// BH_E_INVALID: the request does not open, or belongs to another buyer, chain or contract.
class SealPort {
public:
    virtual ~SealPort() = default;
    virtual Status check_request(const RequestContext& context, const Bytes& sealed_request) = 0;
    // Not deterministic: the lifecycle journals the answer before it is used.
    virtual Result<Bytes> seal_credential(const RequestContext& context, const Bytes& sealed_request,
                                          const ConnectionDetails& details) = 0;
};

class ReachPort {
public:
    virtual ~ReachPort() = default;
    // Does TCP port 22 of `address` answer with an SSH banner? ok(false): not yet.
    virtual Result<bool> ssh_banner(const std::string& address, std::uint64_t deadline_ns) = 0;
};

// Guest images (STATE/images/<name>/image.json). BH_E_NOT_FOUND: no such image.
class ImagePort {
public:
    virtual ~ImagePort() = default;
    virtual Result<Image> find(const std::string& name) = 0;
};

// The trust anchors and network data of a new guest (docs/contracts.md section 3). The result must be a function of
// the facts alone (and of keys that never change): the same VM is specified twice in the same bytes.
struct GuestFacts {
    std::string chain, contract, credential, token;
    std::string vm_id, hostname, login_user;
    std::string address, gateway, mac;
};
class FirstBootPort {
public:
    virtual ~FirstBootPort() = default;
    virtual Result<FirstBoot> first_boot(const GuestFacts& facts) = 0;
};

// Called at every boundary where a crash matters; tests kill the process there. In production it does nothing.
class Boundaries {
public:
    virtual ~Boundaries() = default;
    virtual void at(const std::string& name) noexcept { (void)name; }
};

}  // namespace bh::life
