//! Receipts that others would sign, with an algorithm that the core does not have.

use carnet_proto::cbor::Encoder;
use carnet_proto::cose::Sign1;
use carnet_proto::id::{LeafIndex, TreeSize};
use carnet_proto::key::Purpose;
use carnet_proto::log::merkle::leaf_hash;
use carnet_proto::log::receipt::{
    ForeignReceipt, Receipt, ReceiptIssuer, TransparentStatement, attach,
};
use carnet_proto::log::{Tree, TreeHead};
use carnet_tests::world::World;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey};

/// Makes a receipt as another service would: ES256, labels not sorted, a claim of its own.
fn es256(proofs: &[u8], root: &[u8], attached: bool, key: &SigningKey) -> Vec<u8> {
    let mut protected = Encoder::new();
    protected.map(4).int(395).int(1).int(1).int(-7).int(4).bytes(b"service key 1");
    protected.int(15).map(3).int(1).text("https://service.example").int(2).text("urn:example:1");
    protected.int(6).int(1_772_409_600);
    let mut to_be_signed = Encoder::new();
    to_be_signed.array(4).text("Signature1").bytes(protected.as_bytes()).bytes(b"").bytes(root);
    let signature: Signature = key.sign(to_be_signed.as_bytes());
    let mut e = Encoder::new();
    e.tag(18).array(4).bytes(protected.as_bytes()).raw(proofs);
    match attached {
        true => e.bytes(root),
        false => e.null(),
    };
    e.bytes(&signature.to_bytes());
    e.into_bytes()
}

#[test]
fn receipts_of_a_service_that_signs_with_es256_are_read_and_their_signed_bytes_verify() {
    let world = World::usual();
    let log = &world.institutions["ph-ministry"];
    let tree = log.replica.tree();
    let (head, entry) = (tree.head(), log.replica.inception().entry());
    let own = log.seed.signing_key(Purpose::Receipt);
    let issuer = ReceiptIssuer { log: &log.did, key: &own };
    let key = SigningKey::from_slice(&[0x42; 32]).unwrap();
    let service = key.verifying_key();
    #[expect(clippy::disallowed_methods, reason = "P-256, for which there is no stricter rule")]
    let verified = |receipt: &ForeignReceipt<'_>, head: &TreeHead| {
        let signature = Signature::from_slice(receipt.signature()).unwrap();
        service.verify(&receipt.to_be_signed(&head.root), &signature).is_ok()
    };
    let ours = issuer.inclusion(tree, head.size, LeafIndex(0), entry).unwrap();
    let proofs = Sign1::parse(&ours, carnet_proto::cbor::Mode::Strict).unwrap().unprotected;
    for attached in [false, true] {
        let bytes = es256(proofs, head.root.as_bytes(), attached, &key);
        assert!(Receipt::parse(&bytes).is_err());
        let receipt = ForeignReceipt::parse(&bytes).unwrap();
        assert_eq!((receipt.algorithm(), receipt.is_attached()), (-7, attached));
        assert_eq!(receipt.issuer(), Ok(Some("https://service.example")));
        assert_eq!(receipt.subject(), Ok(Some("urn:example:1")));
        assert_eq!(receipt.head_including(leaf_hash(entry)), Ok(head));
        assert!(verified(&receipt, &head));
        let other = receipt.head_including(leaf_hash(b"another"));
        assert!(other.is_err() || !verified(&receipt, &other.unwrap()));
    }
    // Beside one of ours, in the same statement.
    let foreign = es256(proofs, head.root.as_bytes(), false, &key);
    let transparent = attach(entry, &[foreign, ours]).unwrap();
    let transparent = TransparentStatement::parse(&transparent).unwrap();
    let read: Vec<_> = transparent.receipts().map(|r| Receipt::parse(r).is_ok()).collect();
    assert_eq!((read, transparent.entry()), (vec![false, true], entry));

    let ours = issuer.consistency(tree, TreeSize(2), head.size).unwrap();
    let proofs = Sign1::parse(&ours, carnet_proto::cbor::Mode::Strict).unwrap().unprotected;
    let bytes = es256(proofs, head.root.as_bytes(), false, &key);
    let receipt = ForeignReceipt::parse(&bytes).unwrap();
    let old = TreeHead { size: TreeSize(2), root: tree.root_at(TreeSize(2)).unwrap() };
    assert_eq!(receipt.head_continuing(&old), Ok(head));
    assert!(verified(&receipt, &head));
}

#[test]
fn a_receipt_of_one_log_does_not_fit_the_same_statement_in_another() {
    // A thief of one institution's key cannot give receipts in the name of another.
    let world = World::usual();
    let (ministry, union) = (&world.institutions["ph-ministry"], &world.institutions["ph-union"]);
    let entry = ministry.replica.inception().entry();
    let tree = Tree::from_leaves([leaf_hash(entry)]);
    let key = union.seed.signing_key(Purpose::Receipt);
    let as_ministry = ReceiptIssuer { log: &ministry.did, key: &key };
    let receipt = as_ministry.inclusion(&tree, TreeSize(1), LeafIndex(0), entry).unwrap();
    let receipt = Receipt::parse(&receipt).unwrap();
    let expected = ministry.seed.public_key_set().receipt;
    assert!(receipt.verify_inclusion(entry, &expected).is_err());
    // Nor does a key of another purpose of the same institution.
    let checkpoint = ministry.seed.signing_key(Purpose::Checkpoint);
    let issuer = ReceiptIssuer { log: &ministry.did, key: &checkpoint };
    let receipt = issuer.inclusion(&tree, TreeSize(1), LeafIndex(0), entry).unwrap();
    assert!(Receipt::parse(&receipt).unwrap().verify_inclusion(entry, &expected).is_err());
}
