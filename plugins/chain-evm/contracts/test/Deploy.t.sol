// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BlockHostSubscription} from "../src/BlockHostSubscription.sol";
import {Base, vm} from "./support/Base.sol";

contract DeployTest is Base {
    function test_two_plain_transactions() public view {
        vm.assertEq(address(subs.credential()), address(nft), "credential");
        vm.assertEq(nft.subscriptions(), address(subs), "subscriptions");
        vm.assertEq(subs.owner(), operator, "operator");
        vm.assertEq(subs.treasury(), treasury, "treasury");
        vm.assertEq(subs.minGrace(), 0, "minGrace");
        vm.assertEq(subs.serverKey(), serverKey(1), "serverKey");
        vm.assertEq(subs.tokens().length, 2, "the chain's own coin is always known");
        vm.assertEq(subs.tokens()[0], NATIVE, "and the first");
    }

    function test_a_credential_made_for_another_contract_is_refused() public {
        address made = tryDeploy("BlockHostSubscription", abi.encode(operator, treasury, nft, 0, serverKey(1)));
        vm.assertEq(made, address(0), "reverts");
    }

    function attempt(address operator_, address treasury_, uint256 minGrace, bytes memory key)
        private
        returns (BlockHostSubscription)
    {
        address next = vm.computeCreateAddress(deployer, vm.getNonce(deployer) + 1);
        address credential = tryDeploy("AccessCredentialNFT", abi.encode(next));
        return BlockHostSubscription(
            tryDeploy("BlockHostSubscription", abi.encode(operator_, treasury_, credential, minGrace, key))
        );
    }

    function test_constructor_limits() public {
        address none = address(0);
        vm.assertEq(address(attempt(none, treasury, 0, "")), none, "no operator");
        vm.assertEq(address(attempt(operator, none, 0, "")), none, "no treasury");
        vm.assertEq(address(attempt(operator, treasury, 90 days + 1, "")), none, "grace too long");
        vm.assertEq(address(attempt(operator, treasury, 0, "key")), none, "no server key");
        BlockHostSubscription made = attempt(operator, treasury, 90 days, "");
        vm.assertTrue(address(made) != none, "the key may follow");
        vm.assertEq(made.serverKey(), "", "no key yet");
        vm.assertEq(made.minGrace(), 90 days, "minGrace");
    }
}
