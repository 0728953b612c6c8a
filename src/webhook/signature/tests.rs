use proptest::prelude::*;

use super::*;

const NOW: u64 = 1_574_080_897;
const BODY: &[u8] = br#"{"job_id":"jid","candidate_id":"cid"}"#;
/// The example in the vendor's documentation.
const DOCUMENTED: &str = "2e9291f10d44ca10204a4cd81b05d73b6a316b2b605d4e2e0e0b37b40198ce1f";

fn keys(secrets: &[&str]) -> SigningKeys {
    SigningKeys::new(&secrets.iter().copied().map(Secret::new).collect::<Vec<_>>())
}

fn documented_key() -> SigningKeys {
    keys(&["HeBVky2bccvvkcXPimH8c"])
}

fn delivery(signature: impl Into<String>) -> Delivery {
    Delivery {
        signature: signature.into(),
        timestamp: NOW.to_string(),
        id: "123".into(),
        name: "application.created".into(),
        version: "v201910".into(),
        link: "<http://smartrecruiters.com/endpoint>; rel=self".into(),
    }
}

fn verified(keys: &SigningKeys, signature: &str) -> Result<(), WebhookRefusal> {
    keys.check(&delivery(signature), BODY)
}

#[test]
fn the_documented_example_is_signed_and_verified() {
    let expected = format!("v1={DOCUMENTED}");
    assert_eq!(documented_key().sign(&delivery(""), BODY), Some(expected.clone()));
    assert_eq!(verified(&documented_key(), &expected), Ok(()));
    assert_eq!(verified(&documented_key(), &expected.to_uppercase().replace("V1", "v1")), Ok(()));
}

#[test]
fn a_missing_header_counts_as_empty() {
    let bare = Delivery { timestamp: NOW.to_string(), ..Delivery::default() };
    let signature = documented_key().sign(&bare, BODY).unwrap();
    let bare = Delivery { signature, ..bare };
    assert_eq!(documented_key().check(&bare, BODY), Ok(()));
}

#[test]
fn one_of_up_to_16_signatures_has_to_match_and_unknown_schemes_are_skipped() {
    let (good, bad) = (format!("v1={DOCUMENTED}"), format!("v1={}", "0".repeat(64)));
    let list = |entries: &[&str]| verified(&documented_key(), &entries.join(";"));
    assert_eq!(list(&[&bad, &good]), Ok(()));
    assert_eq!(list(&[&good, &bad, "v2=abc", "rubbish", ""]), Ok(()));
    assert_eq!(list(&[&format!(" {good} "), ""]), Ok(()));
    assert_eq!(verified(&documented_key(), &format!("{bad}, {good}")), Ok(()));
    assert_eq!(list(&[[bad.as_str(); 15].as_slice(), &[&good]].concat()), Ok(()));
    assert_eq!(
        list(&[[bad.as_str(); 16].as_slice(), &[&good]].concat()),
        Err(WebhookRefusal::TooManySignatures)
    );
    for nothing in ["", ";", " ; "] {
        assert_eq!(verified(&documented_key(), nothing), Err(WebhookRefusal::MissingSignature), "{nothing}");
    }
    for wrong in [&bad, &good.replace("v1", "v2"), &good[..66], &format!("{good}0"), DOCUMENTED] {
        assert_eq!(verified(&documented_key(), wrong), Err(WebhookRefusal::NoMatch), "{wrong}");
    }
}

#[test]
fn a_former_key_still_verifies_and_the_first_one_signs() {
    let both = keys(&["new", "HeBVky2bccvvkcXPimH8c"]);
    assert_eq!(verified(&both, &format!("v1={DOCUMENTED}")), Ok(()));
    let signed = both.sign(&delivery(""), BODY).unwrap();
    assert_eq!(verified(&keys(&["new"]), &signed), Ok(()));
    assert_eq!(verified(&documented_key(), &signed), Err(WebhookRefusal::NoMatch));
    assert_eq!(verified(&keys(&[]), &signed), Err(WebhookRefusal::NoMatch));
    assert_eq!(keys(&[]).sign(&delivery(""), BODY), None);
    assert!(keys(&[]).is_empty() && !both.is_empty());
}

#[test]
fn a_signature_is_good_for_26_hours_and_5_minutes_ahead() {
    let at = |now| check_age(&NOW.to_string(), now, Tolerance::default());
    assert_eq!(at(NOW + 26 * 3600), Ok(()));
    assert_eq!(at(NOW + 26 * 3600 + 1), Err(WebhookRefusal::TooOld));
    assert_eq!(at(NOW - 300), Ok(()));
    assert_eq!(at(NOW - 301), Err(WebhookRefusal::FromFuture));
}

#[test]
fn a_time_that_is_signed_must_be_one() {
    for text in ["", "soon", "-1", "+1574080897", " 1574080897", "1574080897.5", "1574080897000", "١"] {
        let verified = check_age(text, NOW, Tolerance::default());
        assert_eq!(verified, Err(WebhookRefusal::MalformedTimestamp), "{text:?}");
    }
    let farthest = check_age("99999999999", NOW, Tolerance::default());
    assert_eq!(farthest, Err(WebhookRefusal::FromFuture), "eleven digits can still be seconds");
}

proptest! {
    #[test]
    fn whatever_is_signed_is_verified_and_no_change_of_it_is(
        body in "\\PC{0,40}", id in "[!-~]{0,20}", name in "[a-z.]{0,20}", link in "[ -~]{0,30}",
        field in 0..6usize, more in "[!-~]{1,3}",
    ) {
        let keys = keys(&["key"]);
        let delivery = Delivery { id, name, link, ..delivery("") };
        let signature = keys.sign(&delivery, body.as_bytes()).unwrap();
        let delivery = Delivery { signature, ..delivery };
        prop_assert_eq!(keys.check(&delivery, body.as_bytes()), Ok(()));
        let (mut changed, mut other) = (delivery, body);
        // A character at the end of one part that is not a dot cannot be one at the beginning of the next.
        let more = more.replace('.', "x");
        [&mut changed.timestamp, &mut changed.id, &mut changed.name, &mut changed.version, &mut changed.link, &mut other]
            [field].push_str(&more);
        prop_assert_eq!(keys.check(&changed, other.as_bytes()), Err(WebhookRefusal::NoMatch));
    }

    #[test]
    fn no_header_of_signatures_makes_it_panic(header in "\\PC{0,80}") {
        let refused = verified(&documented_key(), &header);
        prop_assert!(refused.is_err());
    }
}
