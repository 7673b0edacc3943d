// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base, vm} from "./support/Base.sol";

/// How an account answers isValidSignature.
enum Answers {
    ITS_OWN, // the selector for its signature, 0 for others
    EVERYTHING,
    ANOTHER_WORD,
    DIRTY_WORD, // the selector, and something behind it in the word
    TOO_SHORT, // 31 bytes
    MORE, // the selector's word and 33 bytes
    A_REVERT, // that has the right word in it
    NEVER, // burns all gas
    ITS_GAS // its own if it was given about as much gas as an account may have, and no more
}

contract Account {
    Answers private answers;
    bytes32 private own;
    bytes4 private constant MAGIC = 0x1626ba7e;

    constructor(Answers answers_, bytes32 digest, bytes memory signature) {
        answers = answers_;
        own = keccak256(abi.encode(digest, signature));
    }

    /// Its key is known from now on.
    function install() external {
        answers = Answers.EVERYTHING;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        uint256 gas = gasleft();
        bool mine = keccak256(abi.encode(digest, signature)) == own;
        if (answers == Answers.EVERYTHING) return MAGIC;
        if (answers == Answers.ITS_GAS) return mine && gas <= 3_000_000 && gas > 2_990_000 ? MAGIC : bytes4(0);
        if (answers == Answers.ITS_OWN) return mine ? MAGIC : bytes4(0);
        if (answers == Answers.ANOTHER_WORD) return 0xffffffff;
        bytes32 word = MAGIC;
        bool reverts = answers == Answers.A_REVERT;
        uint256 size = answers == Answers.TOO_SHORT ? 31 : answers == Answers.MORE ? 65 : 32;
        if (answers == Answers.DIRTY_WORD) word |= bytes32(uint256(1));
        while (answers == Answers.NEVER) {}
        assembly {
            let free := mload(64)
            mstore(free, word)
            if reverts { revert(free, size) }
            return(free, size)
        }
    }
}

/// Makes accounts at addresses that are known before.
contract Factory {
    function make(Answers answers, bytes32 digest, bytes calldata signature) external {
        new Account{salt: 0}(answers, digest, signature);
    }

    function place(Answers answers, bytes32 digest, bytes calldata signature) external view returns (address) {
        bytes memory code = bytes.concat(type(Account).creationCode, abi.encode(answers, digest, signature));
        return address(
            uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(this), bytes32(0), keccak256(code)))))
        );
    }

    /// A factory that costs `gas` and makes nothing.
    function waste(uint256 gas) external view {
        uint256 until = gasleft() - gas;
        while (gasleft() > until) {}
    }
}

/// Run as the host runs it: the constructor alone, whose verdict is the code that it returns.
contract SignatureValidatorTest is Base {
    uint256 private constant REFUSED = 0;
    uint256 private constant ACCEPTED = 1;
    uint256 private constant NO_GAS = 2;
    uint256 private constant REVERTED = 99;
    uint256 private constant ENOUGH = 30_000_000;
    bytes32 private constant WRAPPED = 0x6492649264926492649264926492649264926492649264926492649264926492;
    bytes32 private constant DIGEST = keccak256("what is signed");
    bytes private constant OWN = "a signature as the account makes it, longer than a word";

    Factory private factory = new Factory();

    function run(address account, bytes32 digest, bytes calldata signature) external returns (uint256 verdict) {
        bytes memory code = bytes.concat(creationCode("SignatureValidator"), abi.encode(account, digest, signature));
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        if (made == address(0)) return REVERTED;
        vm.assertEq(made.code.length, 32, "one word");
        return abi.decode(made.code, (uint256));
    }

    function judge(address account, bytes32 digest, bytes memory signature) private returns (uint256) {
        return this.run{gas: ENOUGH}(account, digest, signature);
    }

    function account(Answers answers) private returns (address) {
        return address(new Account(answers, DIGEST, OWN));
    }

    function wrap(address factory_, bytes memory preparation, bytes memory inner) private pure returns (bytes memory) {
        return bytes.concat(abi.encode(factory_, preparation, inner), WRAPPED);
    }

    /// Wrapped so that the factory makes an account that answers like this; where that will be.
    function notYet(Answers answers, bytes memory inner) private view returns (address at, bytes memory signature) {
        at = factory.place(answers, DIGEST, OWN);
        signature = wrap(address(factory), abi.encodeCall(factory.make, (answers, DIGEST, OWN)), inner);
    }

    function test_an_account_has_the_say_about_its_signatures() public {
        address own = account(Answers.ITS_OWN);
        vm.assertEq(judge(own, DIGEST, OWN), ACCEPTED, "its own");
        vm.assertEq(judge(own, DIGEST, "another"), REFUSED, "another signature");
        vm.assertEq(judge(own, keccak256("something else"), OWN), REFUSED, "of something else");
        vm.assertEq(judge(own, DIGEST, ""), REFUSED, "none");
        vm.assertEq(judge(account(Answers.EVERYTHING), DIGEST, ""), ACCEPTED, "what it accepts it accepts");
    }

    function test_whoever_has_no_code_signs_nothing_here() public {
        vm.assertEq(judge(alice, DIGEST, OWN), REFUSED, "a key's address");
        vm.assertEq(judge(address(0), DIGEST, OWN), REFUSED, "nobody");
        vm.assertEq(this.run{gas: 1_000_000}(alice, DIGEST, OWN), REFUSED, "which takes no gas to say");
    }

    /// The fourth precompile answers with what it is asked: its first word is the right one for such a digest.
    function test_a_precompile_is_no_account() public {
        bytes32 digest = bytes32(uint256(1));
        address echo = address(4);
        vm.assertEq(judge(echo, digest, OWN), REFUSED, "as it is");
        vm.assertEq(judge(echo, digest, wrap(address(factory), "", OWN)), REFUSED, "nor wrapped");
    }

    function test_the_answer_is_one_word_and_exactly_that() public {
        vm.assertEq(judge(account(Answers.ANOTHER_WORD), DIGEST, OWN), REFUSED, "another word");
        vm.assertEq(judge(account(Answers.DIRTY_WORD), DIGEST, OWN), REFUSED, "something behind it in the word");
        vm.assertEq(judge(account(Answers.TOO_SHORT), DIGEST, OWN), REFUSED, "too short");
        vm.assertEq(judge(account(Answers.MORE), DIGEST, OWN), ACCEPTED, "what follows the word is not looked at");
        vm.assertEq(judge(account(Answers.A_REVERT), DIGEST, OWN), REFUSED, "it reverts");
        vm.assertEq(judge(address(factory), DIGEST, OWN), REFUSED, "no such function");
    }

    function test_an_account_gets_as_much_gas_as_one_may_have() public {
        vm.assertEq(judge(account(Answers.ITS_GAS), DIGEST, OWN), ACCEPTED, "three millions");
        vm.assertEq(judge(account(Answers.NEVER), DIGEST, OWN), REFUSED, "one that burns them all");
    }

    function test_one_that_is_not_there_yet_is_made_first() public {
        (address at, bytes memory signature) = notYet(Answers.ITS_OWN, OWN);
        vm.assertEq(judge(at, DIGEST, signature), ACCEPTED, "made, and its own");
    }

    function test_a_wrapped_signature_of_whole_words() public {
        bytes memory whole = abi.encode(DIGEST, OWN.length);
        address own = address(new Account(Answers.ITS_OWN, DIGEST, whole));
        vm.assertEq(judge(own, DIGEST, wrap(alice, "", whole)), ACCEPTED, "nothing is cut off");
    }

    function test_one_that_is_made_still_has_the_say() public {
        (address at, bytes memory signature) = notYet(Answers.ITS_OWN, "another");
        vm.assertEq(judge(at, DIGEST, signature), REFUSED, "not its own");
    }

    function test_a_factory_that_makes_nothing_or_something_else() public {
        bytes memory nothing = abi.encodeCall(factory.waste, (1000));
        vm.assertEq(judge(alice, DIGEST, wrap(address(factory), nothing, OWN)), REFUSED, "nothing");
        (, bytes memory elsewhere) = notYet(Answers.EVERYTHING, OWN);
        vm.assertEq(judge(alice, DIGEST, elsewhere), REFUSED, "another account");
        bytes memory all = abi.encodeCall(factory.waste, (6_000_000));
        vm.assertEq(judge(alice, DIGEST, wrap(address(factory), all, OWN)), REFUSED, "one that burns its gas");
    }

    function test_one_that_is_there_is_asked_first_and_again_after_the_preparation() public {
        address own = account(Answers.ITS_OWN);
        vm.assertEq(judge(own, DIGEST, wrap(alice, "", OWN)), ACCEPTED, "nothing to prepare");
        vm.assertEq(judge(own, DIGEST, wrap(alice, "", "another")), REFUSED, "nor to gain");
        bytes memory install = abi.encodeCall(Account.install, ());
        vm.assertEq(judge(own, DIGEST, wrap(own, install, "another")), ACCEPTED, "a key that had to be installed");
    }

    function test_what_is_wrapped_and_what_only_looks_like_it() public {
        address all = account(Answers.EVERYTHING);
        vm.assertEq(judge(all, DIGEST, abi.encodePacked(WRAPPED)), REVERTED, "wrapped, and nothing in it");
        vm.assertEq(judge(all, DIGEST, abi.encodePacked("x", WRAPPED)), REVERTED, "nor in this");
        vm.assertEq(judge(all, DIGEST, abi.encodePacked(WRAPPED, "x")), ACCEPTED, "the word is the last one");
        vm.assertEq(judge(all, DIGEST, abi.encodePacked(bytes31(WRAPPED))), ACCEPTED, "less than the word");
        vm.assertEq(judge(alice, DIGEST, abi.encodePacked(WRAPPED)), REVERTED, "whoever it is about");
    }

    function test_too_little_gas_is_no_verdict() public {
        address own = account(Answers.ITS_OWN);
        vm.assertEq(this.run{gas: 2_000_000}(own, DIGEST, OWN), NO_GAS, "for an account");
        vm.assertEq(this.run{gas: 2_000_000}(own, DIGEST, "another"), NO_GAS, "whatever it would have said");
        vm.assertEq(this.run{gas: 10_000_000}(own, DIGEST, OWN), ACCEPTED, "enough");
        (address at, bytes memory signature) = notYet(Answers.ITS_OWN, OWN);
        vm.assertEq(this.run{gas: 4_500_000}(at, DIGEST, signature), NO_GAS, "for a factory");
        vm.assertEq(this.run{gas: 2_000_000}(own, DIGEST, wrap(alice, "", OWN)), NO_GAS, "for one that is there");
        vm.assertEq(this.run{gas: 4_500_000}(own, DIGEST, wrap(alice, "", OWN)), ACCEPTED, "that needs no factory");
    }

    /// Of what is left a call gets at most 63/64: who has a little less than the limit and this part more is given less.
    function test_no_account_is_judged_with_less_gas_than_it_may_have() public {
        address own = account(Answers.ITS_GAS);
        uint256 least = 2_900_000;
        uint256 most = 3_600_000;
        vm.assertEq(this.run{gas: most}(own, DIGEST, OWN), ACCEPTED, "enough");
        while (most - least > 1000) {
            uint256 middle = (least + most) / 2;
            uint256 verdict = this.run{gas: middle}(own, DIGEST, OWN);
            vm.assertTrue(verdict == NO_GAS || verdict == ACCEPTED, "never judged by too little");
            if (verdict == NO_GAS) least = middle;
            else most = middle;
        }
        vm.assertGt(most, uint256(3_093_750) * 64 / 63, "the limit, the part for the call, and that of the create");
    }
}
