// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {SealStore} from "./credential/SealStore.sol";
import {IAccessCredential} from "./interfaces/IAccessCredential.sol";
import {IERC4907} from "./interfaces/IERC4907.sol";
import {ISubscriptionAuthority} from "./interfaces/ISubscriptionAuthority.sol";

/// @title Access to one virtual machine, as a token
/// @notice Token id = subscription id; its owner logs in, extends, cancels. Token 0 is the operator's admin credential.
/// The sealed connection details are kept as code (SealStore), readable from a node that has pruned its logs.
/// @dev A credential has no owner in its own storage before its first transfer: the subscription contract knows who
/// bought it, and storing it twice would cost each buyer 22,100 gas. See _ownerOf.
contract AccessCredentialNFT is ERC721, SealStore, IERC4906, IERC4907, IAccessCredential {
    uint256 private constant ADMIN_TOKEN = 0;
    uint256 private constant MAX_SEALED_BYTES = 1024;

    /// @inheritdoc IAccessCredential
    address public immutable subscriptions;

    struct User {
        address account;
        uint64 expires;
    }

    mapping(uint256 tokenId => User) private _users;

    /// @notice The operator has a new admin credential.
    event AdminSet(address indexed to);

    /// @notice Only the subscription contract mints, reseals and burns.
    error NotSubscriptions(address caller);
    /// @notice Only the operator names the administrator.
    error NotOperator(address caller);
    /// @notice After cancel or close a credential opens nothing: it can't be sold or lent, only burned.
    error CredentialLocked(uint256 tokenId);
    /// @notice Neither of the two contracts can use a credential.
    error BadHolder(address account);
    /// @notice `length` bytes were given, `limit` are allowed.
    error SealTooLong(uint256 length, uint256 limit);

    modifier onlySubscriptions() {
        require(msg.sender == subscriptions, NotSubscriptions(msg.sender));
        _;
    }

    /// @param subscriptions_ Address that BlockHostSubscription is going to have: the deployer's next
    /// transaction creates it (see INTERFACE.md), and its constructor checks it.
    constructor(address subscriptions_) ERC721("BlockHost Access Credential", "BHAC") {
        subscriptions = subscriptions_;
    }

    /// @inheritdoc IAccessCredential
    /// @dev The caller has checked the seal's length, that `id` is new, and `to`, which it has stored: from then on
    /// _ownerOf answers it, so this is not _mint. Nor _safeMint: a smart account without onERC721Received may buy.
    function mint(uint256 id, address to, bytes calldata sealedCredential) external onlySubscriptions {
        _storeFirstSeal(id, sealedCredential);
        _increaseBalance(to, 1);
        emit Transfer(address(0), to, id);
    }

    /// @inheritdoc IAccessCredential
    /// @dev The caller has checked the length and that `id` is minted and not burned.
    function reseal(uint256 id, bytes calldata sealedCredential) external onlySubscriptions {
        _replaceSeal(id, sealedCredential);
        emit MetadataUpdate(id);
    }

    /// @inheritdoc IAccessCredential
    function burn(uint256 id) external onlySubscriptions {
        _burn(id);
    }

    /// @notice Gives the operator's admin credential, token 0, to `to`; an earlier one is burned.
    /// @param to Not 0 and not one of the two contracts.
    /// @param sealedCredential At most 1,024 bytes.
    function setAdmin(address to, bytes calldata sealedCredential) external {
        require(msg.sender == ISubscriptionAuthority(subscriptions).owner(), NotOperator(msg.sender));
        if (_ownerOf(ADMIN_TOKEN) != address(0)) _burn(ADMIN_TOKEN);
        require(sealedCredential.length <= MAX_SEALED_BYTES, SealTooLong(sealedCredential.length, MAX_SEALED_BYTES));
        _replaceSeal(ADMIN_TOKEN, sealedCredential);
        _mint(to, ADMIN_TOKEN);
        emit MetadataUpdate(ADMIN_TOKEN);
        emit AdminSet(to);
    }

    /// @inheritdoc IERC4907
    function setUser(uint256 tokenId, address user, uint64 expires) external {
        _checkAuthorized(_requireOwned(tokenId), msg.sender, tokenId);
        _requireUnlocked(tokenId);
        _users[tokenId] = User(user, expires);
        emit UpdateUser(tokenId, user, expires);
    }

    /// @inheritdoc IERC4907
    function userOf(uint256 tokenId) external view returns (address) {
        User storage user = _users[tokenId];
        return block.timestamp <= user.expires ? user.account : address(0);
    }

    /// @inheritdoc IERC4907
    function userExpires(uint256 tokenId) external view returns (uint256) {
        return _users[tokenId].expires;
    }

    /// @notice The sealed connection details of a credential.
    /// @param tokenId Minted and not burned.
    /// @return At most 1,024 bytes.
    function getUserEncrypted(uint256 tokenId) external view returns (bytes memory) {
        _requireOwned(tokenId);
        return _sealOf(tokenId);
    }

    /// @notice Name and description as a data URI of JSON.
    /// @param tokenId Minted and not burned.
    /// @return `data:application/json;base64,` and the text.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        string memory json = tokenId == ADMIN_TOKEN
            ? '{"name":"BlockHost administration","description":"Administers a BlockHost server."}'
            : string.concat(
                '{"name":"BlockHost access #',
                Strings.toString(tokenId),
                '","description":"Whoever holds this token logs in to the virtual machine of subscription ',
                Strings.toString(tokenId),
                '."}'
            );
        return string.concat("data:application/json;base64,", Base64.encode(bytes(json)));
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC721, IERC165) returns (bool) {
        // ERC-4906 has no functions; its id is fixed by the standard.
        return interfaceId == bytes4(0x49064906) || interfaceId == type(IERC4907).interfaceId
            || super.supportsInterface(interfaceId);
    }

    /// @dev The owner that a transfer stored, else whom the delivery minted to. Both are 0 after the burn.
    function _ownerOf(uint256 tokenId) internal view override returns (address) {
        address stored = super._ownerOf(tokenId);
        if (stored != address(0) || tokenId == ADMIN_TOKEN) return stored;
        return ISubscriptionAuthority(subscriptions).mintedTo(tokenId);
    }

    /// @dev Every transfer, burn and mint passes here, but for the mint of a subscription's credential.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        require(to != address(this) && to != subscriptions, BadHolder(to));
        from = super._update(to, tokenId, auth);
        if (to != address(0)) _requireUnlocked(tokenId);
        if (_users[tokenId].account != address(0)) {
            delete _users[tokenId];
            emit UpdateUser(tokenId, address(0), 0);
        }
    }

    function _requireUnlocked(uint256 tokenId) private view {
        require(!ISubscriptionAuthority(subscriptions).transferLocked(tokenId), CredentialLocked(tokenId));
    }
}
